import type { DatabaseSync } from 'node:sqlite';
import type { PlanInput } from '../../plan.ts';
import type { ToolRegistry } from '../../run/types.ts';
import { formatBytes } from '../terminal-text.ts';
import type { ConfigurationItem, LockedPackages } from './packages.ts';

/** What `$input` stands for in {@link DEMO_PLAN}. */
export interface DemoInput {
  /** Names of the two packages that are looked up. */
  readonly primary: string;
  readonly secondary: string;
  readonly group_by: string;
}

/** The plan of the demo. `advisory_audit` fails, see the audit server, and so `upgrade_plan` is skipped. */
export const DEMO_PLAN: PlanInput = {
  name: 'package-audit',
  strategy: 'dag',
  tools: [
    { tool_id: 'primary', tool_type: 'ci_lookup', output_mapping: { name: '{$input.primary}' } },
    { tool_id: 'secondary', tool_type: 'ci_lookup', output_mapping: { name: '{$input.secondary}' } },
    {
      tool_id: 'aggregate',
      tool_type: 'ci_aggregate',
      depends_on: ['primary', 'secondary'],
      output_mapping: { ci_type_filter: '{primary.data.rows[0].ci_type}', group_by: '{$input.group_by}' },
    },
    {
      tool_id: 'licence_audit',
      tool_type: 'http_audit',
      depends_on: ['primary'],
      params: { audit: 'licences' },
      output_mapping: { ci_type: '{primary.data.rows[0].ci_type}' },
    },
    {
      tool_id: 'size_audit',
      tool_type: 'http_audit',
      depends_on: ['secondary'],
      params: { audit: 'sizes' },
      output_mapping: { ci_type: '{secondary.data.rows[0].ci_type}' },
    },
    {
      tool_id: 'advisory_audit',
      tool_type: 'http_audit',
      depends_on: ['primary'],
      params: { audit: 'advisories' },
      output_mapping: { name: '{primary.data.rows[0].name}' },
    },
    {
      tool_id: 'summary',
      depends_on: ['aggregate', 'licence_audit', 'size_audit'],
      output_mapping: {
        ci_type: '{aggregate.data.ci_type}',
        groups: '{aggregate.data.groups}',
        licences: '{licence_audit}',
        sizes: '{size_audit}',
      },
    },
    {
      tool_id: 'upgrade_plan',
      depends_on: ['advisory_audit'],
      output_mapping: { advisories: '{advisory_audit.data.advisories}' },
    },
  ],
};

/** The columns that an aggregate may group by: names of columns cannot be bound. */
const COLUMNS: ReadonlySet<unknown> = new Set(['license', 'ci_type', 'version']);

/** The tools that {@link DEMO_PLAN} names. */
export function demoTools(database: DatabaseSync, auditUrl: string): ToolRegistry {
  return {
    ci_lookup: ({ name }: { name: string }) => {
      const rows = database
        .prepare('SELECT name, version, license, ci_type FROM configuration_item WHERE name = ? ORDER BY path')
        .all(name);
      return { rows };
    },
    ci_aggregate: ({ ci_type_filter: type, group_by: column }: { ci_type_filter: string; group_by: string }) => {
      if (!COLUMNS.has(column)) throw new TypeError(`cannot group by ${column}`);
      const groups = database
        .prepare(
          `SELECT ${column} AS key, count(*) AS count FROM configuration_item
           WHERE ci_type = ? GROUP BY key ORDER BY count DESC, key`,
        )
        .all(type);
      return { ci_type: type, groups };
    },
    http_audit: async ({ audit, ...query }: { audit: string }, { signal }) => {
      const response = await fetch(`${auditUrl}/${audit}?${new URLSearchParams(query).toString()}`, { signal });
      const body = (await response.json()) as { error?: string };
      if (!response.ok) throw new Error(`/${audit} answered ${response.status}: ${body.error}`);
      return body;
    },
    summary: (found: Record<string, unknown>) => found,
    upgrade_plan: ({ advisories }: { advisories: unknown[] }) => ({ upgrades: advisories }),
  };
}

interface Summary {
  readonly ci_type: string;
  readonly groups: readonly { readonly key: string; readonly count: number }[];
  readonly licences: {
    readonly checked: number;
    readonly copyleft: readonly string[];
    readonly unknown: readonly string[];
  };
  readonly sizes: {
    readonly ci_type: string;
    readonly checked: number;
    readonly installed: number;
    readonly bytes: number;
    readonly largest: { readonly name: string; readonly bytes: number } | null;
  };
}

/** What the run found out, in sentences; none when the summary did not run. */
export function describeFindings(summary: unknown): string[] {
  if (typeof summary !== 'object' || summary === null) return [];
  const { ci_type: type, groups, licences, sizes } = summary as Summary;
  const [most] = groups;
  const used = most ? `: most ${most.key} (${most.count})` : '';
  const odd = `${licences.copyleft.length} with copyleft, ${licences.unknown.length} without a licence`;
  const largest = sizes.largest ? `, the largest ${sizes.largest.name} (${formatBytes(sizes.largest.bytes)})` : '';
  const onDisk = sizes.installed === 0 ? 'none installed' : `${formatBytes(sizes.bytes)} on disk${largest}`;
  return [
    `Licences of ${packagesOf(licences.checked, type)}${used}; ${odd}.`,
    `Size of ${packagesOf(sizes.checked, sizes.ci_type)}: ${onDisk}.`,
  ];
}

function packagesOf(count: number, type: string): string {
  return `${count} ${type} ${count === 1 ? 'package' : 'packages'}`;
}

/** Two packages that the project itself asks for, if it can be, of different types: the first of the type with the most. */
export function chooseInput({ items, direct }: LockedPackages): DemoInput {
  const counts = new Map<string, number>();
  for (const { ci_type: type } of items) counts.set(type, (counts.get(type) ?? 0) + 1);
  const rank = (item: ConfigurationItem): number =>
    (direct.has(item.name) ? items.length : 0) + counts.get(item.ci_type)!;
  const [primary, ...others] = items.toSorted((a, b) => rank(b) - rank(a));
  const secondary = others.find((item) => item.ci_type !== primary?.ci_type) ?? others[0] ?? primary;
  return { primary: primary?.name ?? '', secondary: secondary?.name ?? '', group_by: 'license' };
}
