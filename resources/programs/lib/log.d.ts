/**
 * A stable log, as the lecture's machines keep it: records are appended, forced, and read back after a crash. Put it
 * on the disk: `await Log.open("/disk/log")`.
 */
declare module "lastack/log" {
  export class Log {
    readonly path: string;
    /** All records: those that were there when the log was opened, and those appended since. */
    readonly records: readonly unknown[];
    /** Bytes behind the last whole record that were found and cut off: a write that a crash had torn. */
    readonly lost: number;

    private constructor();
    /** Opens a log or makes a new one. Recovery keeps the records up to the first that is not whole. */
    static open(path: string): Promise<Log>;
    /** Adds a record, anything that can be written as JSON. It may be lost in a crash until it is forced. */
    append(record: unknown): Promise<void>;
    /** Waits until everything appended so far will survive a crash. */
    force(): Promise<void>;
    /** Appends and forces. */
    write(record: unknown): Promise<void>;
    close(): Promise<void>;
  }
}
