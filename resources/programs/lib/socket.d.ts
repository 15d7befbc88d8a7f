/** Berkeley sockets, with the names they have in C. Where C fills in a buffer, a function here returns bytes. */
declare module "lastack/socket" {
  /** An address of an IPv4 socket: `sockaddr_in`. */
  export interface SockAddr {
    /** Dotted quad, or the name of a host of the lab. */
    address: string;
    port: number;
  }

  export const AF_INET: number;
  /** TCP: a stream of bytes, reliable and in order. */
  export const SOCK_STREAM: number;
  /** UDP: datagrams, which may be lost, doubled and overtaken. */
  export const SOCK_DGRAM: number;
  export const IPPROTO_TCP: number;
  export const IPPROTO_UDP: number;
  /** Every address of this host. */
  export const INADDR_ANY: string;
  export const INADDR_LOOPBACK: string;
  export const INADDR_BROADCAST: string;
  /** For `shutdown`: no more receiving, no more sending, neither. */
  export const SHUT_RD: number;
  export const SHUT_WR: number;
  export const SHUT_RDWR: number;
  /** Flags: look at data without taking it; fail with EAGAIN rather than wait. */
  export const MSG_PEEK: number;
  export const MSG_DONTWAIT: number;
  export const SOL_SOCKET: number;
  export const SO_REUSEADDR: number;
  export const SO_ERROR: number;
  export const SO_BROADCAST: number;
  export const SO_SNDBUF: number;
  export const SO_RCVBUF: number;
  export const SO_KEEPALIVE: number;
  /** At level IPPROTO_TCP: sends small segments at once (switches Nagle's algorithm off). */
  export const TCP_NODELAY: number;

  /** Makes a socket. @returns its descriptor: `const sockfd = await socket(AF_INET, SOCK_STREAM, 0)`. */
  export function socket(domain: number, type: number, protocol?: number): Promise<number>;
  /** Gives a socket its own address. Port 0 lets the machine choose one. */
  export function bind(sockfd: number, addr: SockAddr): Promise<void>;
  /** Makes a TCP socket wait for connections: at most about `backlog` that were not accepted yet. */
  export function listen(sockfd: number, backlog: number): Promise<void>;
  /**
   * Takes the next connection off a listening socket's queue, waiting for one.
   * @param cliAddr filled in with the client's address. @returns the descriptor of a socket for this connection.
   */
  export function accept(sockfd: number, cliAddr?: SockAddr): Promise<number>;
  /** Connects a TCP socket, which takes a handshake; or says where a UDP socket sends to and receives from. */
  export function connect(sockfd: number, addr: SockAddr): Promise<void>;

  /**
   * Sends on a connected socket. It is done when all is in the machine's send buffer: that the other side has received
   * it is another matter.
   * @returns the number of bytes.
   */
  export function send(sockfd: number, data: string | Uint8Array, flags?: number): Promise<number>;
  /** Receives up to `length` bytes, waiting for the first. TCP gives no bytes when the other side has ended. */
  export function recv(sockfd: number, length: number, flags?: number): Promise<Uint8Array>;
  /** Sends a datagram. */
  export function sendto(sockfd: number, data: string | Uint8Array, addr: SockAddr, flags?: number): Promise<number>;
  /** Receives a datagram; what does not fit into `length` is lost. @param from filled in with the sender's address. */
  export function recvfrom(sockfd: number, length: number, from?: SockAddr, flags?: number): Promise<Uint8Array>;

  /** Ends one or both directions of a connection: SHUT_WR tells the other side that no more will come. */
  export function shutdown(sockfd: number, how: number): Promise<void>;
  /** Lets go of a descriptor. Calls that wait for it fail with EBADF. */
  export function close(fd: number): Promise<void>;

  /** The socket's own address, and that of the other side. */
  export function getsockname(sockfd: number): Promise<SockAddr>;
  export function getpeername(sockfd: number): Promise<SockAddr>;
  export function setsockopt(sockfd: number, level: number, name: number, value: number | boolean): Promise<void>;
  export function getsockopt(sockfd: number, level: number, name: number): Promise<number>;
  /** The address of a host, as a dotted quad; ENOENT for a name that nobody has. */
  export function gethostbyname(name: string): Promise<string>;
}
