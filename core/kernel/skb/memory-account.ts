/** What a packet counts against until it is freed: a socket's send or receive buffer (sk_wmem_alloc, sk_rmem_alloc). */
export interface MemoryAccount {
  /** The packet is gone; its `bytes` (truesize) are free again. */
  uncharge(bytes: number): void;
  /** Its packets pass a queue that paces: they are to carry the time at which they may leave (SK_PACING_FQ). */
  pacedBelow?(): void;
}
