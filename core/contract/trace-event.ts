/**
 * The closed set of trace events. Where Linux has a tracepoint for it, the name is Linux's (`system:event`), and so are
 * the fields as far as they fit. Every event has the columns time, place, context, packet, cause, and up to three
 * numbers of its own, named here. A field whose name ends in `*` is an interned text.
 */
const EVENTS = {
  // interrupts and softirqs (include/trace/events/irq.h)
  "irq:irq_handler_entry": ["irq", "device", ""],
  "irq:irq_handler_exit": ["irq", "device", ""],
  "irq:softirq_raise": ["vec", "", ""],
  "irq:softirq_entry": ["vec", "", ""],
  "irq:softirq_exit": ["vec", "", ""],
  // scheduler (include/trace/events/sched.h)
  "sched:sched_switch": ["prev_pid", "next_pid", ""],
  "sched:sched_wakeup": ["pid", "", ""],
  "sched:sched_process_exec": ["pid", "comm*", ""],
  "sched:sched_process_exit": ["pid", "status", ""],
  "syscalls:sys_enter": ["pid", "name*", "fd"],
  "syscalls:sys_exit": ["pid", "name*", "ret"],
  // device path (include/trace/events/{napi,net,skb}.h)
  "napi:napi_poll": ["device", "work", "budget"],
  "net:netif_rx": ["device", "len", ""],
  "net:napi_gro_receive_entry": ["device", "len", ""],
  "net:netif_receive_skb": ["device", "len", ""],
  "net:net_dev_queue": ["device", "len", "qlen"],
  "net:net_dev_start_xmit": ["device", "len", ""],
  "net:net_dev_xmit": ["device", "len", "rc"],
  "skb:kfree_skb": ["reason", "location*", ""],
  "skb:consume_skb": ["", "", ""],
  "skb:skb_copy_datagram_iovec": ["pid", "len", ""],
  "softnet:time_squeeze": ["cpu", "", ""],
  "softnet:ksoftirqd": ["cpu", "running", ""],
  "nic:rx_ring": ["device", "used", "size"],
  "nic:tx_ring": ["device", "used", "size"],
  // protocols
  "neigh:neigh_update": ["device", "address", "state"],
  "fib:fib_table_lookup": ["daddr", "gateway", "device"],
  "ip:ip_forward": ["device", "ttl", ""],
  "icmp:icmp_send": ["type", "code", "daddr"],
  "sock:sock_rcvqueue_full": ["rmem_alloc", "rcvbuf", ""],
  "sock:inet_sock_set_state": ["socket", "oldstate", "newstate"],
  // TCP (include/trace/events/tcp.h, and what tcp_probe says in one line there). `sock` is the socket's inode
  "tcp:step": ["sock", "step*", ""],
  "tcp:tcp_probe": ["sock", "snd_cwnd", "ssthresh"],
  "tcp:sender": ["sock", "snd_una", "snd_nxt"],
  "tcp:sender_buffer": ["sock", "write_seq", "snd_wnd"],
  "tcp:receiver": ["sock", "rcv_nxt", "rcv_wnd"],
  "tcp:receiver_buffer": ["sock", "copied_seq", "ofo_bytes"],
  "tcp:rtt": ["sock", "srtt", "rto"],
  "tcp:in_flight": ["sock", "packets_out", "retrans_out"],
  "tcp:scoreboard": ["sock", "sacked_out", "lost_out"],
  "tcp:tcp_cong_state_set": ["sock", "cong_state", ""],
  "tcp:tcp_retransmit_skb": ["sock", "seq", "len"],
  "tcp:tcp_retransmit_synack": ["sock", "dport", "num_timeout"],
  "tcp:tcp_send_reset": ["sock", "reason*", ""],
  "tcp:tcp_receive_reset": ["sock", "", ""],
  "tcp:tcp_rcv_space_adjust": ["sock", "copied", "rcvbuf"],
  "tcp:timer": ["sock", "timer*", "span"],
  "tcp:connection": ["sock", "lport_dport", "daddr"],
  // fabric: no Linux names exist outside the machine
  "link:transmit": ["link", "direction", "len"],
  "link:arrive": ["link", "direction", "len"],
  "link:carrier": ["link", "up", ""],
  "link:queue": ["link", "direction", "frames"],
  "hub:collision": ["hub", "stations", ""],
  "hub:backoff": ["port", "attempt", "slots"],
  "switch:learn": ["switch", "port", "mac"],
  "switch:flood": ["switch", "port", "copies"],
  "switch:forget": ["switch", "port", "mac"],
  // what people do to a lab, and what it says
  "fault:apply": ["target*", "kind*", ""],
  "node:state": ["state*", "", ""],
  "disk:lost": ["path*", "lost", "torn"],
  "program:state": ["pid", "state*", "about*"],
  "program:decide": ["pid", "decision*", "about*"],
  "console:write": ["pid", "text*", ""],
  "check:result": ["name*", "passed", ""],
  "limit:reached": ["limit*", "value", ""],
} as const;

export type TraceEventName = keyof typeof EVENTS;

export const TRACE_EVENT_NAMES = Object.keys(EVENTS) as readonly TraceEventName[];

/** Names of the three number columns of each event; "" where unused. */
export const TRACE_EVENT_FIELDS: Readonly<Record<TraceEventName, readonly [string, string, string]>> = EVENTS;

/** Number of each event in the recorder's kind column: `KIND["skb:kfree_skb"]`. */
export const KIND = Object.fromEntries(TRACE_EVENT_NAMES.map((name, index) => [name, index])) as Readonly<
  Record<TraceEventName, number>
>;

/** What ran when an event was recorded. */
export const TRACE_CONTEXTS = ["none", "hardirq", "softirq", "process", "wire"] as const;
export type TraceContext = (typeof TRACE_CONTEXTS)[number];
export const CONTEXT = { none: 0, hardirq: 1, softirq: 2, process: 3, wire: 4 } as const satisfies Record<
  TraceContext,
  number
>;

/** One recorded event, as readers of the trace get it. */
export interface TraceEvent {
  /** Counts up from 1 over the whole run; 0 as a cause means "nothing recorded". */
  readonly id: number;
  /** ns since the start of the run. */
  readonly time: number;
  readonly name: TraceEventName;
  /** Node or link it happened at; "" for the lab as a whole. */
  readonly place: string;
  readonly context: TraceContext;
  /** CPU number and process id where they apply, else 0. */
  readonly cpu: number;
  readonly pid: number;
  /** 0 where no packet is concerned. */
  readonly packet: number;
  /** Id of the event that led to this one, 0 when it was not recorded. */
  readonly cause: number;
  /** The event's own fields by name. */
  readonly fields: Readonly<Record<string, number | string>>;
}
