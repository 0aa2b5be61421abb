/** One line of the table: what was measured, what it is measured against in the same run, and the ratio of the two. */

export interface Figure {
  readonly part: string;
  readonly name: string;
  readonly value: number | null;
  readonly unit: string;
  /** What stands beside it, measured in this run. */
  readonly yardstick?: { readonly name: string; readonly value: number };
  /** How many times the yardstick it may be. */
  readonly most?: number;
  readonly note?: string;
}

/** What a part of the bench reports its figures to. */
export type Report = (figure: Figure) => void;

const shown = (value: number | null): string => {
  if (value === null) return '-';
  if (!Number.isFinite(value)) return '?';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d)(?=\.|$))/g, digits === 0 ? ' ' : '');
};

/** Whether it is more than it may be. What cannot be compared keeps no limit. */
export const isOver = ({ value, yardstick, most }: Figure): boolean =>
  most !== undefined && value !== null && !(yardstick !== undefined && value <= most * yardstick.value);

const ratioOf = ({ value, yardstick }: Figure): string =>
  value === null || !yardstick || yardstick.value === 0 ? '' : `${shown(value / yardstick.value)} x`;

export const asJson = (figures: readonly Figure[], more: object): string =>
  JSON.stringify(
    {
      ...more,
      figures: figures.map((figure) => ({
        ...figure,
        ...(figure.value !== null && figure.yardstick ? { ratio: figure.value / figure.yardstick.value } : {}),
      })),
    },
    null,
    2,
  );

const width = 46;

export function asLine(figure: Figure): string {
  const { name, value, unit, yardstick, most } = figure;
  const limit = most === undefined ? [] : [`${isOver(figure) ? 'MORE than' : 'within'} ${most} times`];
  const note = [...limit, ...(figure.note === undefined ? [] : [figure.note])].join('; ');
  const measured = value === null ? '' : `${shown(value)} ${unit}`;
  const against = yardstick ? `${shown(yardstick.value)} ${unit} ${yardstick.name}` : '';
  return [
    `  ${name.padEnd(width)}${measured.padStart(14)}  ${ratioOf(figure).padStart(9)}  ${against}`.trimEnd(),
    note ? `      ${note}` : '',
  ]
    .filter((line) => line !== '')
    .join('\n');
}
