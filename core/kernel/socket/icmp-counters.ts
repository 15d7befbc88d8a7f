/** ICMP messages that sockets send, counted as the kernel's own are (icmp_out_count). */
import { ICMP_TYPE } from "../../wire/icmp.ts";
import type { SnmpCounters } from "../counters.ts";

const NAMES: ReadonlyMap<number, keyof SnmpCounters["icmp"]> = new Map([
  [ICMP_TYPE.ECHOREPLY, "OutEchoReps"],
  [ICMP_TYPE.DEST_UNREACH, "OutDestUnreachs"],
  [ICMP_TYPE.SOURCE_QUENCH, "OutSrcQuenchs"],
  [ICMP_TYPE.REDIRECT, "OutRedirects"],
  [ICMP_TYPE.ECHO, "OutEchos"],
  [ICMP_TYPE.TIME_EXCEEDED, "OutTimeExcds"],
  [ICMP_TYPE.PARAMETERPROB, "OutParmProbs"],
  [ICMP_TYPE.TIMESTAMP, "OutTimestamps"],
  [ICMP_TYPE.TIMESTAMPREPLY, "OutTimestampReps"],
  [ICMP_TYPE.ADDRESS, "OutAddrMasks"],
  [ICMP_TYPE.ADDRESSREPLY, "OutAddrMaskReps"],
]);

export function countIcmpOut(snmp: SnmpCounters, type: number): void {
  snmp.icmp.OutMsgs++;
  const name = NAMES.get(type);
  if (name !== undefined) snmp.icmp[name]++;
}
