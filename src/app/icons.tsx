/** Line icons on a 20-unit grid. All are decoration: the button around one carries the name. */
const PATHS = {
  attach:
    'M14.5 9.2 9.3 14.4a3.2 3.2 0 0 1-4.6-4.6l5.8-5.7a2.2 2.2 0 0 1 3.1 3.1L8 12.8a1.1 1.1 0 0 1-1.6-1.6l5-4.9',
  problem: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14M10 6.5v4.3m0 2.6v.1',
  send: 'M10 16V4.5M5 9.2l5-5 5 5',
  stop: 'M6 6h8v8H6z',
  close: 'm5.5 5.5 9 9m0-9-9 9',
  down: 'M10 4v11.5m-4.8-4.8 4.8 4.8 4.8-4.8',
  copy: 'M7 7h9.5v9.5H7zM4 13H3.5V3.5H13V4',
  done: 'm4.5 10.5 3.7 3.7 7.3-8',
  document: 'M5.5 3h6l3.5 3.5V17H5.5zM11.5 3v3.5H15M8 10h4.5M8 13h4.5',
  gauge: 'M3.5 14.5a6.7 6.7 0 1 1 13 0M10 13l3-4',
  keyboard: 'M3 5.5h14v9H3zM5.8 8.2h.1m2.7 0h.1m2.7 0h.1m2.7 0h.1M5.8 11.8h.1m8.3 0h.1M8 11.8h4',
  newChat: 'M10 4.5v11M4.5 10h11',
  edit: 'm4.2 15.8.8-3.2 8-8 2.4 2.4-8 8zM11.4 6.2l2.4 2.4',
  again: 'M15.8 3.8v3.7h-3.7M15.4 7.3A6.2 6.2 0 1 0 16.2 10',
  remove: 'M4.5 6h11M8 6V4.5h4V6m2.2 0-.6 9.5H6.4L5.8 6M8.6 9v4m2.8-4v4',
  more: 'M5 10h.1M10 10h.1M15 10h.1',
  list: 'M3.5 4.5h13v11h-13zM8 4.5v11',
  left: 'm11.5 5.5-4.5 4.5 4.5 4.5',
  right: 'm8.5 5.5 4.5 4.5-4.5 4.5',
  settings:
    'M3 6h7.5m4.5 0h2M3 14h2m4.5 0H17M12.7 3.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4M7.3 11.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
