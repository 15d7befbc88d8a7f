/** date and uptime on the lab's clock, which is UTC. */
import { SECOND } from "../../base/time.ts";
import { command, fail } from "../lib/command.ts";
import { civilTime, clock, type CivilTime } from "../lib/format.ts";
import { print } from "../lib/output.ts";

const two = (value: number): string => String(value).padStart(2, "0");

export const date = command({ name: "date", usage: "Usage: date [-u] [+FORMAT]", short: "uIR" }, function* (sys, args) {
  const now = sys.wallClock();
  const seconds = Math.floor(now / SECOND);
  const format = args.operand(0) ?? "+%a %b %e %H:%M:%S UTC %Y";
  if (!format.startsWith("+")) return yield* fail(sys, `date: invalid date '${format}'`);
  const nanoseconds = sys.now() % SECOND;
  const text = format
    .slice(1)
    .replace(
      /%([^])/g,
      (whole, letter: string) => fieldOf(letter, civilTime(seconds), { seconds, nanoseconds }) ?? whole,
    );
  yield* print(sys, `${text}\n`);
  return 0;
});

type Instant = { readonly seconds: number; readonly nanoseconds: number };

function fieldOf(letter: string, time: CivilTime, instant: Instant): string | undefined {
  const hms = clock(time.seconds * SECOND);
  switch (letter) {
    case "Y":
      return String(time.year);
    case "m":
      return two(time.month);
    case "d":
      return two(time.day);
    case "e":
      return String(time.day).padStart(2);
    case "H":
      return hms.slice(0, 2);
    case "M":
      return hms.slice(3, 5);
    case "S":
      return hms.slice(6);
    case "T":
      return hms;
    case "F":
      return `${time.year}-${two(time.month)}-${two(time.day)}`;
    case "a":
      return time.weekday;
    case "b":
      return time.monthName;
    case "s":
      return String(instant.seconds);
    case "N":
      return String(instant.nanoseconds).padStart(9, "0");
    case "Z":
      return "UTC";
    case "z":
      return "+0000";
    case "n":
      return "\n";
    case "%":
      return "%";
    default:
      return undefined;
  }
}

export const uptime = command({ name: "uptime", usage: "Usage: uptime", short: "p" }, function* (sys) {
  const now = civilTime(Math.floor(sys.wallClock() / SECOND));
  const minutes = Math.floor(sys.now() / SECOND / 60);
  const up = minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}`;
  yield* print(sys, ` ${clock(now.seconds * SECOND)} up ${up},  1 user\n`);
  return 0;
});
