import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../src/version.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface Manifest {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
  readonly engines: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

interface Packed {
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

const manifest = readJson('package.json') as Manifest;

describe('the packed files', () => {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      shell: process.platform === 'win32',
    }),
  ) as [Packed];
  const paths = packed.files.map(({ path }) => path);

  it('are what was built, and the texts', () => {
    const texts = paths.filter((path) => !path.startsWith('dist/'));
    expect(texts).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
    const others = paths.filter((path) => path.startsWith('dist/') && !/\.(js|d\.ts)$/.test(path));
    expect(others).toEqual(['dist/inspector/page/index.html', 'dist/inspector/page/page.css']);
  });

  it('have a source each: after a file was renamed, remove dist and build again', () => {
    const built = paths.filter((path) => path.startsWith('dist/') && !path.startsWith('dist/inspector/page/'));
    expect(built.filter((path) => !existsSync(join(ROOT, sourceOf(path))))).toEqual([]);
  });

  it('hold everything that package.json names', () => {
    const named = [...Object.values(manifest.exports), manifest.bin].flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    );
    expect(named.map((path) => path.replace(/^\.\//, '')).filter((path) => !paths.includes(path))).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('can be run: the command', () => {
    const { mode } = statSync(join(ROOT, manifest.bin['orchestrace']!));
    expect(mode & 0o111).toBe(0o111);
  });

  it('have types only where somebody can import them', () => {
    const types = paths.filter((path) => path.endsWith('.d.ts'));
    expect(types.filter((path) => /^dist\/(cli|inspector\/(page|scene|view))\//.test(path))).toEqual([]);
  });

  it('stay small', () => {
    expect(packed.unpackedSize).toBeLessThan(1_600_000);
  });
});

describe('package.json', () => {
  it('has the version that spans carry', () => {
    expect(VERSION).toBe(manifest.version);
  });

  it('runs nothing when it is installed', () => {
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish'];
    expect(hooks.filter((hook) => hook in manifest.scripts)).toEqual([]);
    expect(existsSync(join(ROOT, 'binding.gyp'))).toBe(false);
  });

  it("depends on zod and what reads protobuf; OpenTelemetry is the application's", () => {
    expect(manifest.dependencies).toMatchInlineSnapshot(`
      {
        "@bufbuild/protobuf": "^2.17.0",
        "zod": "^4.1.0",
      }
    `);
    expect(manifest.peerDependencies).toMatchInlineSnapshot(`
      {
        "@opentelemetry/api": "^1.9.0",
        "@opentelemetry/exporter-metrics-otlp-http": ">=0.57.0 <1",
        "@opentelemetry/exporter-trace-otlp-grpc": ">=0.57.0 <1",
        "@opentelemetry/exporter-trace-otlp-http": ">=0.57.0 <1",
        "@opentelemetry/exporter-trace-otlp-proto": ">=0.57.0 <1",
        "@opentelemetry/instrumentation-undici": ">=0.10.0 <1",
        "@opentelemetry/sdk-metrics": ">=1.30.0 <4",
        "@opentelemetry/sdk-node": ">=0.57.0 <1",
      }
    `);
    const { '@opentelemetry/api': api, ...others } = manifest.peerDependencies;
    expect(api).toBe('^1.9.0');
    expect(Object.keys(others).filter((name) => !manifest.peerDependenciesMeta[name]?.optional)).toEqual([]);
    expect(manifest.engines).toEqual({ node: '>=22.15.0' });
  });

  it('pins what it is developed with', () => {
    expect(Object.entries(manifest.devDependencies).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual(
      [],
    );
  });
});

describe('lock files', () => {
  const locks = globSync(['package-lock.json', 'test/sdk/*/package-lock.json'], { cwd: ROOT }).toSorted();

  it('are four', () => {
    expect(locks.map((path) => path.replaceAll('\\', '/'))).toEqual([
      'package-lock.json',
      ...['1', '2', '3'].map((line) => `test/sdk/${line}/package-lock.json`),
    ]);
  });

  it.each(locks)('%s names no registry, and a checksum for every package', (path) => {
    const { packages } = readJson(path) as Lock;
    const installed = Object.entries(packages).filter(([at]) => at.includes('node_modules/'));
    expect(installed.filter(([, entry]) => entry.resolved !== undefined).map(([at]) => at)).toEqual([]);
    expect(installed.filter(([, entry]) => !entry.inBundle && !entry.integrity).map(([at]) => at)).toEqual([]);
  });

  it('let nothing run at installation but the download of Node', () => {
    const { packages } = readJson('package-lock.json') as Lock;
    const eager = Object.entries(packages).filter(([, entry]) => entry.hasInstallScript);
    const names = eager.map(([at]) => at.replace(/^.*node_modules\//, ''));
    expect(names.filter((name) => !(name in manifest.allowScripts))).toEqual([]);
    expect(Object.keys(manifest.allowScripts).filter((name) => manifest.allowScripts[name])).toEqual(['node']);
  });
});

interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly resolved?: string;
        readonly integrity?: string;
        readonly inBundle?: boolean;
        readonly hasInstallScript?: boolean;
      }
    >
  >;
}

/** The file in src that a file in dist is built from. */
function sourceOf(path: string): string {
  return path.replace(/^dist\//, 'src/').replace(/(\.d\.ts|\.js)$/, '.ts');
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
}
