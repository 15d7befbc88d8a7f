/** What the error queue of a socket holds (struct sock_extended_err, include/uapi/linux/errqueue.h). */
import type { Ipv4Address } from "../../wire/address.ts";

/** An error about a packet sent, as recvmsg with MSG_ERRQUEUE reports it. */
export interface QueuedError {
  readonly errno: number;
  readonly origin: "local" | "icmp";
  readonly type: number;
  readonly code: number;
  readonly info: number;
  readonly offender: Ipv4Address;
  /** Where the packet was sent. */
  readonly target: Ipv4Address;
  readonly port: number;
  /** What it carried, as far as the error quotes it. */
  readonly payload: Uint8Array;
}
