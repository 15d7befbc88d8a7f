/** ICMP messages of a script: `icmp unreachable frag_needed mtu 1200 [1:1461(1460)]`. */
import { ICMP_TYPE, ICMP_UNREACH } from "../wire/icmp.ts";
import type { IcmpSpec, QuoteSpec } from "./ast.ts";
import { parseSequence, U16_MAX } from "./parse-sequence.ts";
import type { TokenReader } from "./token-reader.ts";

const ICMP_TYPES: ReadonlyMap<string, number> = new Map([
  ["echo_reply", ICMP_TYPE.ECHOREPLY],
  ["unreachable", ICMP_TYPE.DEST_UNREACH],
  ["source_quench", ICMP_TYPE.SOURCE_QUENCH],
  ["redirect", ICMP_TYPE.REDIRECT],
  ["echo_request", ICMP_TYPE.ECHO],
  ["time_exceeded", ICMP_TYPE.TIME_EXCEEDED],
  ["parameter_problem", ICMP_TYPE.PARAMETERPROB],
  ["timestamp_request", ICMP_TYPE.TIMESTAMP],
  ["timestamp_reply", ICMP_TYPE.TIMESTAMPREPLY],
  ["information_request", ICMP_TYPE.INFO_REQUEST],
  ["information_reply", ICMP_TYPE.INFO_REPLY],
  ["address_mask_request", ICMP_TYPE.ADDRESS],
  ["address_mask_reply", ICMP_TYPE.ADDRESSREPLY],
]);

const UNREACHABLE_CODES: ReadonlyMap<string, number> = new Map([
  ["net_unreachable", ICMP_UNREACH.NET_UNREACH],
  ["host_unreachable", ICMP_UNREACH.HOST_UNREACH],
  ["protocol_unreachable", ICMP_UNREACH.PROT_UNREACH],
  ["port_unreachable", ICMP_UNREACH.PORT_UNREACH],
  ["frag_needed", ICMP_UNREACH.FRAG_NEEDED],
  ["source_route_failed", ICMP_UNREACH.SR_FAILED],
  ["net_unknown", ICMP_UNREACH.NET_UNKNOWN],
  ["host_unknown", ICMP_UNREACH.HOST_UNKNOWN],
  ["source_host_isolated", ICMP_UNREACH.HOST_ISOLATED],
  ["net_prohibited", ICMP_UNREACH.NET_ANO],
  ["host_prohibited", ICMP_UNREACH.HOST_ANO],
  ["net_unreachable_for_tos", ICMP_UNREACH.NET_UNR_TOS],
  ["host_unreachable_for_tos", ICMP_UNREACH.HOST_UNR_TOS],
  ["packet_filtered", ICMP_UNREACH.PKT_FILTERED],
  ["precedence_violation", ICMP_UNREACH.PREC_VIOLATION],
  ["precedence_cutoff", ICMP_UNREACH.PREC_CUTOFF],
]);

/** Behind `icmp`. */
export function parseIcmp(reader: TokenReader): IcmpSpec {
  const typeWord = reader.expectKind("word", "an ICMP type, such as unreachable");
  const type = ICMP_TYPES.get(typeWord.text) ?? numbered(typeWord.text, "type");
  if (type === null) {
    reader.failAt(
      typeWord,
      `'${typeWord.text}' is no ICMP type: ${[...ICMP_TYPES.keys()].join(", ")} or type_N expected`,
    );
  }
  let code = 0;
  if (reader.next.kind === "word" && !["mtu", "id"].includes(reader.next.text)) {
    const word = reader.take();
    const known = type === ICMP_TYPE.DEST_UNREACH ? UNREACHABLE_CODES.get(word.text) : undefined;
    const value = known ?? numbered(word.text, "code");
    if (value === null) reader.failAt(word, `'${word.text}' is no code of that ICMP type: code_N expected`);
    code = value;
  }
  const mtu = reader.accept("mtu", "word") ? reader.expectNumber("an MTU", U16_MAX) : null;
  const id = reader.accept("id", "word") ? reader.expectNumber("an identifier", U16_MAX) : 0;
  return { protocol: "icmp", type, code, mtu, id, quote: parseQuote(reader) };
}

/** `type_41`, `code_7`. */
function numbered(text: string, prefix: string): number | null {
  const digits = new RegExp(`^${prefix}_(\\d{1,3})$`).exec(text)?.[1];
  return digits === undefined || Number(digits) > 0xff ? null : Number(digits);
}

function parseQuote(reader: TokenReader): QuoteSpec {
  if (!reader.accept("[")) return { protocol: "tcp", seq: 0, payload: 0 };
  const { kind, text } = reader.next;
  if (kind === "word" && (text === "udp" || text === "raw")) {
    reader.take();
    reader.expect("(");
    const payload = reader.expectNumber("the payload's length", U16_MAX);
    reader.expect(")");
    reader.expect("]");
    return { protocol: text, seq: 0, payload };
  }
  const { seq, payload } = parseSequence(reader);
  reader.expect("]");
  return { protocol: "tcp", seq, payload };
}
