/** The version of this package, as in package.json (a test compares the two). Also the version of the instrumentation scope. */
export const VERSION = '0.1.0';
