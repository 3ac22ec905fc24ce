import { setOwn, type JsonValue } from '@stepfold/events';
import { fieldsOf } from './fields-of.js';
import { googleJsonPathOf, type PathSegment } from './google-json-path.js';

/** The arguments of one call, put together from `partialArgs`. */
export interface GooglePartialArgs {
  /**
   * Takes one fragment: a value, or a piece of a string, at a JSONPath. Answers the JSON text that goes on with what was
   * answered before, as far as text can: one that comes back to what is closed cannot. Undefined for no fragment.
   */
  add(fragment: unknown): string | undefined;
  /** The text that closes all that is open. */
  readonly rest: string;
  /** False if the text that was answered is no beginning of the value any more. */
  readonly isInOrder: boolean;
  readonly value: JsonValue;
}

type Node =
  | { readonly kind: 'object'; readonly items: Map<PathSegment, Node> }
  /** `last`: the highest index so far. */
  | { readonly kind: 'array'; readonly items: Map<PathSegment, Node>; last: number }
  | { readonly kind: 'scalar'; value: JsonValue; isContinued: boolean };

export function createGooglePartialArgs(): GooglePartialArgs {
  const root: Node = { kind: 'object', items: new Map() };
  /** The containers whose text is open, and where in the one before each stands. */
  let open: { readonly segment: PathSegment | undefined; readonly node: Node }[] = [];
  /** The string whose text is open. */
  let openString: Node | undefined;
  let isInOrder = true;

  /** The containers on the way to a value, made where there is none or another kind. */
  function containersOf(path: readonly PathSegment[]): Node[] {
    const nodes: Node[] = [root];
    for (const [level, segment] of path.slice(0, -1).entries()) {
      const kind = typeof path[level + 1] === 'number' ? 'array' : 'object';
      let node = itemsOf(nodes.at(-1)).get(segment);
      if (node?.kind !== kind) {
        node = kind === 'array' ? { kind, items: new Map(), last: -1 } : { kind, items: new Map() };
        place(nodes.at(-1) as Node, segment, node);
      }
      nodes.push(node);
    }
    return nodes;
  }

  function place(around: Node, segment: PathSegment, node: Node): void {
    const items = itemsOf(around);
    if (items.has(segment)) isInOrder = false;
    if (around.kind === 'array') {
      if (Number(segment) < around.last) isInOrder = false;
      around.last = Math.max(around.last, Number(segment));
    }
    items.set(segment, node);
  }

  /** Text that closes and opens containers so that the last of `nodes` is the innermost open one. */
  function move(nodes: readonly Node[], path: readonly PathSegment[]): string {
    let text = openString === undefined ? '' : '"';
    openString = undefined;
    while (open.length > 0 && (open.length > nodes.length || open.at(-1)?.node !== nodes[open.length - 1])) {
      text += closing(open.pop()?.node);
    }
    for (let level = open.length; level < nodes.length; level++) {
      const node = nodes[level] as Node;
      // It holds more than what is on this path, so it was closed before.
      if (itemsOf(node).size > 1) isInOrder = false;
      const segment = level === 0 ? undefined : path[level - 1];
      if (segment !== undefined) text += before(segment, nodes[level - 1], node);
      text += node.kind === 'array' ? '[' : '{';
      open.push({ segment, node });
    }
    return text;
  }

  /** The comma and the key before a value. */
  function before(segment: PathSegment, around: Node | undefined, node: Node): string {
    const items = itemsOf(around);
    const isFirst = items.values().next().value === node;
    return `${isFirst ? '' : ','}${around?.kind === 'array' ? '' : `${JSON.stringify(String(segment))}:`}`;
  }

  return {
    add(given) {
      const fragment = fieldsOf(given);
      const path = googleJsonPathOf(fragment['jsonPath']);
      const value = valueOf(fragment);
      if (path === undefined || value === undefined) return undefined;
      const isContinued = typeof value === 'string' && fragment['willContinue'] === true;
      const nodes = containersOf(path);
      const segment = path.at(-1) as PathSegment;
      const around = nodes.at(-1) as Node;
      const former = itemsOf(around).get(segment);
      const begun = former?.kind === 'scalar' && former.isContinued ? former.value : undefined;
      if (former?.kind === 'scalar' && typeof begun === 'string' && typeof value === 'string') {
        former.value = begun + value;
        former.isContinued = isContinued;
        if (openString !== former) isInOrder = false;
        if (!isInOrder) return '';
        if (!isContinued) openString = undefined;
        return JSON.stringify(value).slice(1, isContinued ? -1 : undefined);
      }
      const node: Node = { kind: 'scalar', value, isContinued };
      place(around, segment, node);
      const moved = isInOrder ? move(nodes, path) : '';
      if (!isInOrder) return '';
      openString = isContinued ? node : undefined;
      return (
        moved + before(segment, around, node) + JSON.stringify(value).slice(0, isContinued ? -1 : undefined)
      );
    },
    get rest() {
      const closed = open.map(({ node }) => closing(node)).reverse();
      return `${openString === undefined ? '' : '"'}${open.length === 0 ? '{}' : closed.join('')}`;
    },
    get isInOrder() {
      return isInOrder;
    },
    get value() {
      return valueOfNode(root);
    },
  };
}

function itemsOf(node: Node | undefined): Map<PathSegment, Node> {
  return node === undefined || node.kind === 'scalar' ? new Map() : node.items;
}

function closing(node: Node | undefined): string {
  return node?.kind === 'array' ? ']' : '}';
}

function valueOf(fragment: Readonly<Record<string, unknown>>): JsonValue | undefined {
  const { stringValue, numberValue, boolValue } = fragment;
  if (typeof stringValue === 'string') return stringValue;
  if (typeof numberValue === 'number' && Number.isFinite(numberValue)) return numberValue;
  if (typeof boolValue === 'boolean') return boolValue;
  return 'nullValue' in fragment ? null : undefined;
}

/** Places of a list that never came are left out: a hostile index would be a list as long as it says. */
function valueOfNode(node: Node): JsonValue {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'array') {
    const items = [...node.items].sort(([a], [b]) => Number(a) - Number(b));
    return items.map(([, item]) => valueOfNode(item));
  }
  const object: Record<string, JsonValue> = {};
  for (const [key, item] of node.items) setOwn(object, String(key), valueOfNode(item));
  return object;
}
