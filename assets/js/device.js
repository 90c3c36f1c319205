// The shelf on this device: what is put there is on the disk a moment later, so that not even a killed browser takes it along.
const NAME = "publisher";
const SHELF = "copies";
const BEFORE = "publisher.draft."; // where copies were kept before there was a shelf

const waiting = new Map();
let door = null;
let writing = null;
let works = true;

/** Do something with the shelf in one transaction; resolves with `ask`'s result when it is on the disk. */
function transact(db, mode, ask) {
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(SHELF, mode, { durability: "strict" });
    const request = ask(transaction.objectStore(SHELF));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
    transaction.commit?.();
  });
}

function putAll(db, pairs) {
  return transact(db, "readwrite", (shelf) => {
    for (const [key, value] of pairs) value === undefined ? shelf.delete(key) : shelf.put(value, key);
  });
}

/** Bring over what an earlier version kept in localStorage, which a browser writes to the disk only now and then. */
async function bringOver(db) {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(BEFORE));
  if (keys.length) await putAll(db, keys.map((key) => [key, JSON.parse(localStorage.getItem(key))]));
  keys.forEach((key) => localStorage.removeItem(key));
}

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(SHELF);
    request.onerror = () => reject(request.error);
    request.onsuccess = () => resolve(request.result);
  });
}

async function entered() {
  const db = await opened();
  db.onversionchange = () => db.close();
  db.onclose = () => (door = null);
  await bringOver(db).catch(() => {});
  return db;
}

function enter() {
  door ??= entered();
  door.catch(() => (door = null));
  return door;
}

/** Write until nothing waits; what comes meanwhile goes along with the next write, the newest of each key. */
async function writeAll() {
  while (waiting.size) {
    try {
      const db = await enter();
      const pairs = [...waiting];
      waiting.clear();
      await putAll(db, pairs);
      works = true;
    } catch {
      waiting.clear();
      works = false;
    }
  }
  writing = null;
  return works;
}

/** Put a value on the shelf (undefined takes it away); answers whether the disk has it. */
export function put(key, value) {
  waiting.set(key, value);
  return (writing ??= writeAll());
}

/** Wait until all that was put is on the disk. */
export const settled = async () => void (await writing);

/** Whether this browser keeps anything, as far as is known by now. */
export const keeps = () => works;

/** What lies there under names that begin so: [[key, value], …]. Nothing where the browser has no shelf. */
export async function lyingUnder(prefix) {
  await settled();
  try {
    const db = await enter();
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    const values = await transact(db, "readonly", (shelf) => shelf.getAll(range));
    const keys = await transact(db, "readonly", (shelf) => shelf.getAllKeys(range));
    return keys.map((key, at) => [key, values[at]]);
  } catch {
    return [];
  }
}
