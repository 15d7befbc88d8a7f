/** Forgetting a request (inet_csk_reqsk_queue_drop). */
import type { RequestSock } from "./request-sock.ts";

/** Takes a request out of tables and queue. @returns whether it was there. */
export function dropRequest(request: RequestSock): boolean {
  const { tcp, accepting } = request.listener;
  tcp.core.timers.release(request.timer);
  const wasThere = accepting?.remove(request) ?? false;
  if (wasThere) tcp.tables.remove(request);
  return wasThere;
}
