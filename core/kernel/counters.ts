/**
 * A machine's SNMP counters with the names of /proc/net/snmp and /proc/net/netstat (RFC 4293, RFC 4113; Linux's
 * net/ipv4/proc.c). Plain fields: counting is one addition.
 */

/**
 * Key order is the column order of /proc/net/snmp. Gauges and constants such as Forwarding are filled in when printed.
 */
export class SnmpCounters {
  readonly ip = {
    InReceives: 0,
    InHdrErrors: 0,
    InAddrErrors: 0,
    ForwDatagrams: 0,
    InUnknownProtos: 0,
    InDiscards: 0,
    InDelivers: 0,
    OutRequests: 0,
    OutDiscards: 0,
    OutNoRoutes: 0,
    ReasmTimeout: 0,
    ReasmReqds: 0,
    ReasmOKs: 0,
    ReasmFails: 0,
    FragOKs: 0,
    FragFails: 0,
    FragCreates: 0,
    OutTransmits: 0,
  };
  readonly icmp = {
    InMsgs: 0,
    InErrors: 0,
    InCsumErrors: 0,
    InDestUnreachs: 0,
    InTimeExcds: 0,
    InParmProbs: 0,
    InSrcQuenchs: 0,
    InRedirects: 0,
    InEchos: 0,
    InEchoReps: 0,
    InTimestamps: 0,
    InTimestampReps: 0,
    InAddrMasks: 0,
    InAddrMaskReps: 0,
    OutMsgs: 0,
    OutErrors: 0,
    OutRateLimitGlobal: 0,
    OutRateLimitHost: 0,
    OutDestUnreachs: 0,
    OutTimeExcds: 0,
    OutParmProbs: 0,
    OutSrcQuenchs: 0,
    OutRedirects: 0,
    OutEchos: 0,
    OutEchoReps: 0,
    OutTimestamps: 0,
    OutTimestampReps: 0,
    OutAddrMasks: 0,
    OutAddrMaskReps: 0,
  };
  readonly udp = {
    InDatagrams: 0,
    NoPorts: 0,
    InErrors: 0,
    OutDatagrams: 0,
    RcvbufErrors: 0,
    SndbufErrors: 0,
    InCsumErrors: 0,
    IgnoredMulti: 0,
    MemErrors: 0,
  };
  readonly ipExt = {
    InNoRoutes: 0,
    InTruncatedPkts: 0,
    InMcastPkts: 0,
    OutMcastPkts: 0,
    InBcastPkts: 0,
    OutBcastPkts: 0,
    InOctets: 0,
    OutOctets: 0,
    InMcastOctets: 0,
    OutMcastOctets: 0,
    InBcastOctets: 0,
    OutBcastOctets: 0,
    InCsumErrors: 0,
    InNoECTPkts: 0,
    InECT1Pkts: 0,
    InECT0Pkts: 0,
    InCEPkts: 0,
    ReasmOverlaps: 0,
  };
}
