/** What a finding is about. Stable: programs may compare them. */
export type FindingCode =
  | 'NO_PROVIDER'
  | 'SDK_DISABLED'
  | 'API_TOO_OLD'
  | 'API_COPIES'
  | 'NO_CONTEXT_MANAGER'
  | 'ENDPOINT_INVALID'
  | 'ENDPOINT_REFUSED'
  | 'ENDPOINT_SILENT'
  | 'ENDPOINT_FAILS'
  | 'HOST_UNKNOWN'
  | 'WRONG_PATH'
  | 'WRONG_PROTOCOL'
  | 'TLS_MISMATCH'
  | 'TLS_CERTIFICATE'
  | 'UNAUTHORIZED'
  | 'SAMPLED_OUT'
  | 'NOTHING_SENT'
  | 'NO_REPORT';

/** Something that keeps spans from being recorded or from arriving. */
export interface Finding {
  readonly code: FindingCode;
  /** What is wrong. */
  readonly message: string;
  /** What to do. */
  readonly fix: string;
}

/** What was found out. */
export interface Diagnosis {
  /** Whether spans are recorded and arrive. True with `API_COPIES`, which works but need not tomorrow. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

export function diagnosisOf(findings: readonly Finding[]): Diagnosis {
  return { ok: findings.every(({ code }) => code === 'API_COPIES'), findings };
}
