/** Ancillary data of received messages, compared with what the script says: TCP_CM_INQ, IP_TTL, IP_TOS, IP_RECVERR. */
import { IP, SOL, TCP, type Message } from "../kernel/syscall/sys.ts";
import type { Expression } from "./ast.ts";
import type { Arguments } from "./call-arguments.ts";
import { unsupported } from "./problem.ts";
import { SO_EE_ORIGIN } from "./symbols.ts";

/** @returns what differs. */
export function checkControl(args: Arguments, wanted: readonly Expression[], message: Message): string | null {
  for (const expression of wanted) {
    const struct = args.struct(expression);
    const data = struct.optional("cmsg_data");
    if (data === null) continue;
    const key = `${struct.number("cmsg_level")}/${struct.number("cmsg_type")}`;
    const actual = VALUES.get(key);
    if (key === RECVERR_KEY) {
      const problem = checkError(args, data, message);
      if (problem !== null) return problem;
      continue;
    }
    if (actual === undefined) throw unsupported(struct.line, "that kind of ancillary data is not known here");
    const value = actual(message);
    if (value === null || value === undefined) return "ancillary data expected, none came with the message";
    if (value !== args.valueOf(data)) return `ancillary data ${args.valueOf(data)} expected, ${value} found`;
  }
  return null;
}

const RECVERR_KEY = `${SOL.IP}/${IP.RECVERR}`;

const VALUES: ReadonlyMap<string, (message: Message) => number | null | undefined> = new Map([
  [`${SOL.TCP}/${TCP.INQ}`, (message: Message) => message.inq],
  [`${SOL.IP}/${IP.TTL}`, (message: Message) => message.ttl],
  [`${SOL.IP}/${IP.TOS}`, (message: Message) => message.tos],
]);

/** struct sock_extended_err. */
function checkError(args: Arguments, wanted: Expression, message: Message): string | null {
  const { error } = message;
  if (error === null) return "an extended error expected, none came with the message";
  const struct = args.struct(wanted);
  const origin = error.origin === "icmp" ? SO_EE_ORIGIN.ICMP : SO_EE_ORIGIN.LOCAL;
  const actual = {
    ee_errno: error.errno,
    ee_origin: origin,
    ee_type: error.type,
    ee_code: error.code,
    ee_info: error.info,
    ee_data: 0,
  };
  for (const [name, value] of Object.entries(actual)) {
    const expected = struct.number(name, value);
    if (expected !== value) return `${name} ${expected} expected, ${value} found`;
  }
  return null;
}
