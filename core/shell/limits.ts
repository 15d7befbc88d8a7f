/** Bounds of the shell and its commands. Reaching one ends the command with a message, never with a hang. */

/** Characters of one command line or script: far beyond what a person types, and parsed in milliseconds. */
export const SCRIPT_CHARACTERS_MAX = 1 << 20;
/** Nested substitutions, functions and compound commands: each level costs stack of the machine we run on. */
export const NESTING_MAX = 100;
/** Expressions in variables that one arithmetic expression leads to. */
export const NESTED_EXPRESSIONS_MAX = 1000;
/** Words that one brace expansion or glob may grow into. */
export const EXPANSION_WORDS_MAX = 10_000;
/** Bytes that `$(...)` collects, and that sort, tail and the like hold of one input. */
export const COLLECT_BYTES_MAX = 16 << 20;
/** Bytes of one line; a longer one is handed on in pieces. */
export const LINE_BYTES_MAX = 1 << 20;
/** Characters of a line that is edited at the prompt: what a terminal's own editing takes (N_TTY_BUF_SIZE). */
export const EDITED_CHARACTERS_MAX = 4096;
/** Completions that Tab lists. */
export const COMPLETIONS_SHOWN_MAX = 100;
/** Bytes per read(2) and write(2) of the copying commands: the buffer size of GNU cat. */
export const COPY_BYTES = 131_072;
/**
 * ns of CPU time per turn of a loop that might never block. Under a cost profile of zeroes it is what lets virtual time
 * pass, so that `while true; do :; done` can be interrupted.
 */
export const LOOP_TURN_NS = 10_000;
/** Lines `history` remembers: bash's HISTSIZE. */
export const HISTORY_LINES_MAX = 500;
/** Jobs of one shell. */
export const JOBS_MAX = 1_000;
/** Tokens of a tcpdump filter expression. */
export const FILTER_TOKENS_MAX = 500;
/** Edit distance within which an unknown command's neighbour is worth naming. */
export const SUGGESTION_DISTANCE_MAX = 2;
/** Largest UDP payload over IPv4, in bytes. */
export const UDP_PAYLOAD_MAX = 65_507;
/** Bytes of a capture file that tcpdump -r reads. */
export const CAPTURE_FILE_BYTES_MAX = 64 << 20;
/**
 * Bytes of the head of an HTTP message, its fields and the characters of a request's target: those of common servers.
 */
export const HTTP_HEAD_BYTES_MAX = 8192;
export const HTTP_FIELDS_MAX = 100;
export const HTTP_TARGET_CHARACTERS_MAX = 4096;
/** Bytes of a request's body that httpd skips to keep the connection; it closes before a longer one. */
export const HTTP_BODY_BYTES_MAX = 1 << 20;
/** Connections that httpd serves at once; more wait in the kernel's queue. */
export const HTTP_CONNECTIONS_MAX = 512;
/** Redirects that curl -L follows (its own default). */
export const HTTP_REDIRECTS_MAX = 50;
