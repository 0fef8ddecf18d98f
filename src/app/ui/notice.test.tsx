import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { Notice } from './notice';

const drawn = (text: string | undefined, isError: boolean) =>
  renderToStaticMarkup(<Notice text={text} isError={isError} testId="notice" onDismiss={() => undefined} />);

it('says an error as an alert with its sign, and news as a status without one', () => {
  expect(drawn('Broken.', true)).toMatch(
    /role="status"[^>]*><\/div><div role="alert"[^>]*><div[^>]*data-tone="error"><svg.*<p>Broken\./,
  );
  expect(drawn('Done.', false)).toMatch(
    /role="status"[^>]*><div[^>]*data-tone="news"><p>Done\..*role="alert"[^>]*><\/div>$/,
  );
});

it('has both places before there is anything to say', () => {
  for (const isError of [true, false])
    expect(drawn(undefined, isError)).toMatch(/role="status"[^>]*><\/div><div role="alert"[^>]*><\/div>$/);
});
