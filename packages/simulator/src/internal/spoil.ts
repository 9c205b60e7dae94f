/**
 * What faults do to the events of a stream, whichever wire it is for.
 */
import type { Fault } from "../Fault.ts"
import type { Frame } from "../Frame.ts"

/** A body that a fault struck, and the events that it is streamed as. */
export interface Spoiled<out Body> {
  readonly body: Body
  readonly frames: ReadonlyArray<Frame>
}

type Frames = ReadonlyArray<Frame>

/** The place of the last call among the calls of a turn, from 0; -1 without calls. */
export const lastCall = (frames: Frames): number => Math.max(-1, ...frames.map(({ completes = -1 }) => completes))

/** The events before a stream breaks off. */
export const before = (frames: Frames, after: number | undefined): Frames => {
  const last = lastCall(frames)
  const half = last < 0 ? Math.floor(frames.length / 2) : frames.findIndex(({ completes }) => completes === last)
  return frames.slice(0, after ?? half)
}

/** The event that completes the first call comes twice. */
export const repeated = (frames: Frames): Frames =>
  frames.flatMap((frame) => frame.completes === 0 ? [frame, { ...frame, completes: undefined }] : [frame])

/** The events of calls take turns, from where the first of them stands; the order within a call is kept. */
export const interleaved = (frames: Frames): Frames => {
  const calls = [...Map.groupBy(frames.filter(isOfCall), ({ call }) => call).values()]
  const turns = Math.max(0, ...calls.map((events) => events.length))
  const mixed = Array.from({ length: turns }, (_, turn) => calls.flatMap((events) => events.slice(turn, turn + 1)))
  return inPlace(frames, mixed.flat())
}

/** What stands between the first event and those of calls, which is text, comes behind the calls. */
export const textLast = (frames: Frames): Frames => {
  const at = frames.findIndex(isOfCall)
  return at < 0 ? frames : inPlace([...frames.slice(0, 1), ...frames.slice(at)], [
    ...frames.filter(isOfCall),
    ...frames.slice(1, at)
  ])
}

const isOfCall = ({ call }: Frame): boolean => call !== undefined

/** Puts events where those of calls stood. */
const inPlace = (frames: Frames, events: Frames): Frames => {
  const at = frames.findIndex(isOfCall)
  return at < 0 ? frames : [...frames.slice(0, at), ...events, ...frames.slice(at).filter((frame) => !isOfCall(frame))]
}

/** Puts another item in the place of the last one that something is true of. */
export const mapLast = <A>(items: ReadonlyArray<A>, is: (item: A) => boolean, f: (item: A) => A): Array<A> => {
  const at = items.findLastIndex(is)
  return items.map((item, index) => index === at ? f(item) : item)
}

/** The first half of a text. */
export const half = (text: string): string => text.slice(0, Math.floor(text.length / 2))

/** What a fault does to the events of every wire; `error` is what a wire writes in the place of the rest. */
export const spoilFrames = (fault: Fault, frames: Frames, error: Frame): Frames => {
  switch (fault._tag) {
    case "Cut":
    case "Reset":
      return before(frames, fault.after)
    case "ErrorEvent":
      return [...before(frames, fault.after), error]
    case "Repeated":
      return repeated(frames)
    default:
      return frames
  }
}
