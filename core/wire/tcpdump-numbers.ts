/** Numbers and times in the forms tcpdump prints them. */
import type { CaptureTime } from "./capture.ts";

/** `0x` and four digits. */
export const hex4 = (value: number): string => `0x${value.toString(16).padStart(4, "0")}`;

const two = (value: number): string => String(value).padStart(2, "0");

/** `hh:mm:ss.ffffff` of the UTC day, with nine digits for nanoseconds. */
export function clockTime(time: CaptureTime, nanoseconds: boolean): string {
  const second = time.seconds - Math.floor(time.seconds / 86_400) * 86_400;
  const clock = `${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}`;
  return `${clock}.${fraction(time, nanoseconds)}`;
}

/** `yyyy-mm-dd`, UTC, by the proleptic Gregorian calendar. */
export function calendarDate(time: CaptureTime): string {
  // Days from 0000-03-01, so that the leap day is a year's last: eras of 400 years, then centuries, then years.
  const days = Math.floor(time.seconds / 86_400) + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const leaps = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0);
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
}

/** `seconds.fraction` since 1970. */
export const epochTime = (time: CaptureTime, nanoseconds: boolean): string =>
  `${time.seconds}.${fraction(time, nanoseconds)}`;

/** What a clock of microseconds would have read. */
export const toMicroseconds = (time: CaptureTime): CaptureTime => ({
  seconds: time.seconds,
  nanoseconds: time.nanoseconds - (time.nanoseconds % 1000),
});

/** ` hh:mm:ss.ffffff` from `since` to `time`, with a minus sign in place of the blank when time went back. */
export function timeSpan(since: CaptureTime, time: CaptureTime, nanoseconds: boolean): string {
  const back = time.seconds < since.seconds || (time.seconds === since.seconds && time.nanoseconds < since.nanoseconds);
  const [early, late] = back ? [time, since] : [since, time];
  const borrow = late.nanoseconds < early.nanoseconds;
  const span = {
    seconds: late.seconds - early.seconds - (borrow ? 1 : 0),
    nanoseconds: late.nanoseconds - early.nanoseconds + (borrow ? 1_000_000_000 : 0),
  };
  const days = Math.floor(span.seconds / 86_400);
  return `${back ? "-" : " "}${days > 0 ? `${days} days ` : ""}${clockTime(span, nanoseconds)}`;
}

const fraction = (time: CaptureTime, nanoseconds: boolean): string =>
  nanoseconds
    ? String(time.nanoseconds).padStart(9, "0")
    : String(Math.floor(time.nanoseconds / 1000)).padStart(6, "0");
