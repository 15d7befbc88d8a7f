/**
 * What coordinator and workers say to each other: the lecture's five messages, an acknowledgement so that the
 * coordinator knows when to stop repeating itself, and a question for whoever is left in READY. One message is one UDP
 * datagram, which may be lost, doubled and overtaken; so everybody repeats what was not answered.
 */
import { decode } from "lastack";
import { AF_INET, bind, INADDR_ANY, recvfrom, sendto, SOCK_DGRAM, socket, type SockAddr } from "lastack/socket";

export type Kind =
  | "VOTE-REQ"
  | "VOTE-COMMIT"
  | "VOTE-ABORT"
  | "GLOBAL-COMMIT"
  | "GLOBAL-ABORT"
  | "ACK"
  /** From a worker in READY, to the coordinator and to fellow workers: what became of it? */
  | "DECISION-REQ";

export interface Message {
  readonly kind: Kind;
  readonly transaction: string;
  /** Name of the host that sent it. */
  readonly from: string;
}

/** What is decided about a transaction. */
export type Outcome = "COMMIT" | "ABORT";

export const PORT = 2015;

/** A host's end of all conversations. */
export class Post {
  readonly #sockfd: number;
  readonly #host: string;

  private constructor(sockfd: number, host: string) {
    this.#sockfd = sockfd;
    this.#host = host;
  }

  static async open(host: string): Promise<Post> {
    const sockfd = await socket(AF_INET, SOCK_DGRAM, 0);
    await bind(sockfd, { address: INADDR_ANY, port: PORT });
    return new Post(sockfd, host);
  }

  async send(to: string, kind: Kind, transaction: string): Promise<void> {
    const message: Message = { kind, transaction, from: this.#host };
    try {
      await sendto(this.#sockfd, JSON.stringify(message), { address: to, port: PORT });
    } catch {
      // A host that is down, or a network that is: as good as a lost message.
    }
  }

  async receive(): Promise<Message> {
    for (;;) {
      const from: SockAddr = { address: "", port: 0 };
      try {
        return JSON.parse(decode(await recvfrom(this.#sockfd, 1500, from))) as Message;
      } catch {
        // ECONNREFUSED, reported for an earlier message to a program that was not running.
      }
    }
  }
}
