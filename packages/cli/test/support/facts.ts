/** What one side of a scenario must come to; `tokens` by wire, in the order of `Wires.all`. */
export interface Expected {
  readonly trips: number
  readonly toolMs: number
  readonly maxInFlight: number
  readonly calls: number
  readonly started: number
  readonly tokens: ReadonlyArray<number>
}

const side = (
  trips: number,
  toolMs: number,
  maxInFlight: number,
  calls: number,
  tokens: ReadonlyArray<number>,
  started = calls
): Expected => ({ trips, toolMs, maxInFlight, calls, started, tokens })

/** Every scenario, its figures by side, and its answer. */
export const facts: Record<
  string,
  { readonly serial?: Expected; readonly parallel: Expected; readonly answer: string }
> = {
  cities: {
    serial: side(4, 900, 1, 3, [1021, 985, 987]),
    parallel: side(2, 300, 3, 3, [523, 569, 517, 511]),
    answer: "Tokyo 18 °C, clear; London 11 °C, rain; New York 9 °C, windy."
  },
  compare: {
    serial: side(5, 400, 1, 4, [1800, 1732, 1717]),
    parallel: side(2, 100, 4, 4, [737, 802, 720, 709]),
    answer: "Tokyo 64 °F, clear; Paris 14 °C, cloudy; Tokyo has 13960000 people; Paris has 2102000 people."
  },
  bike: {
    serial: side(4, 600, 1, 3, [1499, 1467, 1407]),
    parallel: side(2, 200, 3, 3, [768, 816, 734, 741]),
    answer: "Yes, bike: it is dry at 12 °C, traffic is heavy (45 min by car), \"Quarterly review\" is casual."
  },
  customer: {
    serial: side(4, 1500, 1, 3, [1429, 1395, 1338]),
    parallel: side(2, 600, 3, 3, [731, 778, 697, 705]),
    answer: "Ada Byron, customer since 2019; 12 orders worth 1840.5; open tickets: Parcel arrived late."
  },
  "three-seconds": {
    serial: side(4, 3000, 1, 3, [1222, 1189, 1140]),
    parallel: side(2, 1000, 3, 3, [614, 661, 586, 597]),
    answer: "temperature 21, pressure 1013, humidity 40."
  },
  ten: {
    serial: side(11, 10_000, 1, 10, [4685, 4270, 4668]),
    parallel: side(2, 1000, 10, 10, [904, 1074, 940, 855]),
    answer: "10 sensors, sum 385."
  },
  research: {
    serial: side(4, 950, 1, 3, [1547, 1515, 1455]),
    parallel: side(2, 500, 3, 3, [796, 844, 761, 765]),
    answer: "Pages on \"fiber latency\" speak of microseconds [search]. " +
      "fiber latency is 42 ms at the median [database]. A fiber starts in about a microsecond [docs]."
  },
  order: {
    serial: side(5, 800, 1, 4, [2235, 2171, 2085]),
    parallel: side(3, 400, 3, 4, [1289, 1318, 1208, 1261]),
    answer: "Order A-17: lamp and desk, on its way, 240 in all."
  },
  "rate-limited": {
    serial: side(11, 1000, 1, 10, [4610, 4203, 4599]),
    parallel: side(2, 200, 5, 10, [888, 1056, 922, 831]),
    answer: "10 quotes, 550 in all."
  },
  mixed: {
    parallel: side(2, 1000, 4, 6, [1426, 1530, 1342, 1283], 5),
    answer: "the lamp costs 30; the lamp comes in red. " +
      "I could not get: get_stock, get_reviews, get_delivery, get_warranty."
  },
  transfer: {
    serial: side(5, 800, 1, 4, [2119, 2052, 2000]),
    parallel: side(2, 400, 3, 4, [866, 932, 834, 828]),
    answer: "checking 165, savings 500, joint 250."
  },
  endless: {
    parallel: side(6, 500, 1, 5, [1587, 1472, 1547, 1744]),
    answer: "No gold, but earth at 1 m, earth at 2 m, earth at 3 m, earth at 4 m, earth at 5 m."
  }
}
