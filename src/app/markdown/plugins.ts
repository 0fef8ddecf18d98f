/** What this page does with a parsed piece before it is drawn. */
import type { ExtraProps, Options } from 'react-markdown';
import type { Container } from './blocks';

type Plugin = Extract<NonNullable<Options['rehypePlugins']>[number], (...settings: never[]) => unknown>;
type Element = NonNullable<ExtraProps['node']>;
type Content = Element['children'][number];
interface Parent {
  children: Content[];
}

interface MarkdownNode {
  type: string;
  value?: string;
  identifier?: string;
  label?: string | null;
  children?: MarkdownNode[];
}

/** Footnotes stay where they are written, marked as they were: a piece knows nothing of the others' notes. */
export const footnotesInPlace: Plugin = () => (tree: MarkdownNode) => {
  const visit = (node: MarkdownNode): void => {
    if (node.children === undefined) return;
    node.children = node.children.map((child) => {
      visit(child);
      // One whose note is in another piece was not seen as a footnote.
      if (child.type === 'text')
        return { ...child, value: child.value?.replace(/\[\^([^\]\s]+)\]/g, '[$1]') };
      const mark = `[${child.label ?? child.identifier ?? ''}]`;
      if (child.type === 'footnoteReference') return { type: 'text', value: mark };
      if (child.type !== 'footnoteDefinition') return child;
      const [first, ...others] = child.children ?? [];
      const marked = { type: 'text', value: `${mark} ` };
      const opening = { ...(first ?? { type: 'paragraph' }), children: [marked, ...(first?.children ?? [])] };
      return { type: 'blockquote', children: [opening, ...others] };
    }) as MarkdownNode[];
  };
  visit(tree);
};

const SAFE = /^(?:https?|mailto):/i;

/** The address if it may be followed from here, else nothing: none that runs, and none of this page's own. */
export const safeAddress = (address: string): string => (SAFE.test(address.trim()) ? address.trim() : '');

const text = (value: string): Content => ({ type: 'text', value });

/** HTML is shown as it is written, in a paragraph where it stood alone. */
export const htmlAsText: Plugin = () => (tree: Parent) => {
  const visit = (parent: Parent, isRoot: boolean): void => {
    parent.children = parent.children.map((child) => {
      if (child.type === 'element') visit(child, false);
      if (child.type !== 'raw') return child;
      if (!isRoot) return text(child.value);
      return { type: 'element', tagName: 'p', properties: {}, children: [text(child.value)] };
    });
  };
  visit(tree, true);
};

/** Images are never fetched: each becomes a link to its address, or its name alone where no link can stand. */
export const imagesAsLinks: Plugin = () => (tree: Parent) => {
  const visit = (parent: Parent, withinLink: boolean): void => {
    parent.children = parent.children.map((child) => {
      if (child.type !== 'element') return child;
      if (child.tagName === 'img') return linkTo(child, withinLink);
      visit(child, withinLink || child.tagName === 'a');
      return child;
    });
  };
  visit(tree, false);
};

function linkTo(image: Element, withinLink: boolean): Content {
  const { alt, src } = image.properties;
  const name = typeof alt === 'string' && alt !== '' ? `Image: ${alt}` : 'Image';
  const address = typeof src === 'string' ? safeAddress(src) : '';
  if (withinLink || address === '') return text(name);
  return { type: 'element', tagName: 'a', properties: { href: address }, children: [text(name)] };
}

/** Takes a piece out of what it was parsed in, so that all pieces can stand in one. */
export function unwrapped(container: Container | undefined, isFirst: boolean): Plugin {
  return () => (tree: Parent) => {
    if (container === undefined) return;
    tree.children = tree.children.flatMap((child) => {
      if (child.type !== 'element' || child.tagName !== container) return [child];
      return child.children.filter((part) => isFirst || part.type !== 'element' || part.tagName !== 'thead');
    });
  };
}
