/** The menu as the window sees it: made from its table of commands, and shown by main as the system's own menu. */

export interface MenuCommand {
  readonly kind: "command";
  /** Sent back when it is chosen. */
  readonly id: string;
  readonly title: string;
  /**
   * As Electron writes accelerators: `CmdOrCtrl+Shift+S`; "" for none. It is shown only: the window hears keys itself.
   */
  readonly keys: string;
  readonly enabled: boolean;
  /** Null where there is nothing to tick. */
  readonly checked: boolean | null;
}

export interface MenuGroup {
  readonly title: string;
  readonly entries: readonly (MenuCommand | { readonly kind: "separator" })[];
}

export interface MenuModel {
  readonly groups: readonly MenuGroup[];
}
