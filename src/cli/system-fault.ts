import { messageOf } from './say-fault.ts';

/** What the codes of the system mean, for files, commands and connections. */
const BY_CODE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is a file, not a folder',
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'its links lead to each other',
  EMFILE: 'too many files are open',
  EIO: 'its disk cannot be read',
  ECONNREFUSED: 'nothing listens there (ECONNREFUSED)',
  ECONNRESET: 'the connection was broken (ECONNRESET)',
  UND_ERR_SOCKET: 'the connection was broken',
  EPIPE: 'the connection was broken',
  ENOTFOUND: 'there is no such host (ENOTFOUND)',
  EAI_AGAIN: 'there is no such host (EAI_AGAIN)',
  EHOSTUNREACH: 'the host cannot be reached (EHOSTUNREACH)',
  ENETUNREACH: 'the network cannot be reached (ENETUNREACH)',
  ETIMEDOUT: 'there was no answer in time (ETIMEDOUT)',
  UND_ERR_CONNECT_TIMEOUT: 'there was no answer in time',
};

/** Says in words what the system, or a connection, failed with. */
export function describeSystemFault(error: unknown): string {
  const { code } = error as { code?: unknown };
  return (typeof code === 'string' && BY_CODE[code]) || messageOf(error);
}
