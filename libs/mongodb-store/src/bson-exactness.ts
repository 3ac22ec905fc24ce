/** More levels than an event may have, and few enough for the 100 that a document may have in all. */
const LEVELS_MAX = 80;

/**
 * Whether BSON gives a JSON value back exactly, and a query can name every key of it. Not with a key that is empty,
 * starts with `$` or holds a dot (queries read these as operators and paths), holds a NUL, is `_bsontype` (the driver
 * would take the object for one of its own) or `__proto__`; not with an array under a name that every object knows, such
 * as `constructor`; not with −0; and not with anything but JSON.
 */
export function isExactInBson(value: unknown, levelsMax = LEVELS_MAX): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'object':
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (levelsMax === 0) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (!isExactInBson(value[i], levelsMax - 1)) return false;
    }
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    if (!isExactKey(key) || !isExactInBson(member, levelsMax - 1)) return false;
    if (Array.isArray(member) && isKnownToObjects(key)) return false;
  }
  return true;
}

/** The driver looks names of arrays up in an ordinary object of options, and gives the bytes of what it finds there. */
function isKnownToObjects(key: string): boolean {
  return key in Object.prototype;
}

export function isExactKey(key: string): boolean {
  if (key.length === 0 || key.charCodeAt(0) === DOLLAR || key === '_bsontype' || key === '__proto__')
    return false;
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    if (code === DOT || code === 0) return false;
  }
  return true;
}

const DOLLAR = 0x24;
const DOT = 0x2e;
