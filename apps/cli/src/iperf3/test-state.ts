/**
 * The one-byte messages of iperf3's control connection, named as iperf3 names them. There is no specification: these were seen on
 * the wire between iperf3 programs. In the order of a test:
 *
 *     client: cookie             server: PARAM_EXCHANGE
 *     client: parameters         server: CREATE_STREAMS
 *     client: data connections, each with the cookie
 *                                server: TEST_START, TEST_RUNNING
 *     client: TEST_END           server: EXCHANGE_RESULTS
 *     client: results            server: results, DISPLAY_RESULTS
 *     client: IPERF_DONE
 */
export const TestState = {
  TEST_START: 1,
  TEST_RUNNING: 2,
  TEST_END: 4,
  PARAM_EXCHANGE: 9,
  CREATE_STREAMS: 10,
  SERVER_TERMINATE: 11,
  CLIENT_TERMINATE: 12,
  EXCHANGE_RESULTS: 13,
  DISPLAY_RESULTS: 14,
  IPERF_DONE: 16,
  /** -2: two 32-bit numbers follow, iperf3's own error and the system's. */
  SERVER_ERROR: 0xfe,
  /** -1: another test is under way. */
  ACCESS_DENIED: 0xff,
} as const

export type TestState = (typeof TestState)[keyof typeof TestState]

const names = new Map<number, string>(Object.entries(TestState).map(([name, value]) => [value, name]))

/** `TEST_END`; of a byte that is none, the number. */
export function stateName(state: number): string {
  return names.get(state) ?? String(state)
}
