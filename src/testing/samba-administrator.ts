/** The hands of a Samba domain's own administrator: Samba's Python on its database, behind every server's back. It knows no Latchkey. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export type Value = string | number | Buffer;
export type Attributes = Readonly<Record<string, Value | readonly Value[]>>;

export interface Administrator {
  /** Rejects with ldb's own words. Nothing that is asked for here is held to rights; passwords are held to policy. */
  add(dn: string, attributes: Attributes): Promise<void>;
  /** An empty list removes. */
  replace(dn: string, attributes: Attributes): Promise<void>;
  extend(dn: string, attributes: Attributes): Promise<void>;
  /** The same as `replace` past the checks of pwdLastSet, which otherwise takes 0 and -1 only. */
  force(dn: string, attributes: Attributes): Promise<void>;
  rename(dn: string, to: string): Promise<void>;
  remove(dn: string): Promise<void>;
  /** Attributes of one entry, those that are computed by name only; bytes that are no text come as they are, read with latin1. */
  read(dn: string, computed?: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
  /** One transaction: the whole of many additions takes a tenth of the time. */
  atOnce(work: () => Promise<void>): Promise<void>;
  /** Takes every right away that the trustee was given at `dn` itself, and gives these, as SDDL with `{sid}` in the trustee's place. */
  grant(dn: string, trustee: string, rights: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Without the step that gives files their Windows rights, which alone would need CAP_SYS_ADMIN. The password comes by standard input. */
export const provisionScript = `
import sys, samba.provision
samba.provision.setsysvolacl = lambda *a, **k: None
words = ['domain', 'provision', '--adminpass=' + sys.stdin.readline().rstrip('\\n')] + sys.argv[1:]
try:
    from samba.netcmd.main import samba_tool
    sys.exit(samba_tool(*words))
except ImportError:
    from samba.netcmd.main import cmd_sambatool
    sys.exit(cmd_sambatool()._run('samba-tool', *words))
`;

/** Reads one order a line and answers each with a line: {"ok": ...} or {"error": "..."}. */
export const administratorScript = `
import base64, json, sys, ldb
from samba import sd_utils
from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB
lp = LoadParm()
lp.load(sys.argv[1])
db = SamDB(url=sys.argv[2], session_info=system_session(), lp=lp)
flags = {'add': ldb.FLAG_MOD_ADD, 'replace': ldb.FLAG_MOD_REPLACE}
past_checks = ['local_oid:1.3.6.1.4.1.7165.4.3.20:0']
def message(o, flag):
    m = ldb.Message()
    m.dn = ldb.Dn(db, o['dn'])
    for name, values in o['attributes'].items():
        m.add(ldb.MessageElement([base64.b64decode(v) for v in values], flag, name))
    return m
def read(o):
    found = db.search(ldb.Dn(db, o['dn']), ldb.SCOPE_BASE, attrs=['*'] + o['computed'])[0]
    return {'dn': [str(found.dn)], **{name: [bytes(v).decode('utf-8') if is_text(bytes(v)) else bytes(v).decode('latin1') for v in found[name]] for name in found.keys() if name != 'dn'}}
def is_text(v):
    try: return v.decode('utf-8') is not None
    except UnicodeDecodeError: return False
def grant(o):
    sid = ndr_unpack(security.dom_sid, db.search(ldb.Dn(db, o['trustee']), ldb.SCOPE_BASE, attrs=['objectSid'])[0]['objectSid'][0])
    utils = sd_utils.SDUtils(db)
    sd = utils.read_sd_on_dn(o['dn'])
    # dacl_del leaves out the second of two that stand side by side.
    while any(ace.trustee == sid for ace in sd.dacl.aces):
        sd.dacl_del(sid)
    utils.modify_sd_on_dn(o['dn'], sd)
    for ace in o['rights']: utils.dacl_add_ace(o['dn'], ace.replace('{sid}', str(sid)))
acts = {
    'add': lambda o: db.add(message(o, ldb.FLAG_MOD_ADD)),
    'replace': lambda o: db.modify(message(o, ldb.FLAG_MOD_REPLACE)),
    'extend': lambda o: db.modify(message(o, ldb.FLAG_MOD_ADD)),
    'force': lambda o: db.modify(message(o, ldb.FLAG_MOD_REPLACE), past_checks),
    'rename': lambda o: db.rename(ldb.Dn(db, o['dn']), ldb.Dn(db, o['to'])),
    'remove': lambda o: db.delete(ldb.Dn(db, o['dn'])),
    'read': read,
    'grant': grant,
    'begin': lambda o: db.transaction_start(),
    'commit': lambda o: db.transaction_commit(),
}
print('{"ok": null}', flush=True)
for line in sys.stdin:
    o = json.loads(line)
    try: said = {'ok': acts[o['act']](o)}
    except Exception as e: said = {'error': str(e)}
    print(json.dumps(said), flush=True)
`;

type Said = { readonly ok: unknown } | { readonly error: string };

/** `command` starts Python with the two arguments of the script. Resolves when the database is open. */
export async function openAdministrator([program = '', ...words]: readonly string[]): Promise<Administrator> {
  const child: ChildProcess = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
  const waiting: { resolve: (said: Said) => void; what: string }[] = [];
  let trouble = '';
  child.stderr?.on('data', (data) => {
    trouble += data;
  });
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      for (const { resolve: tell, what } of waiting.splice(0)) tell({ error: `${what}: the administrator has gone: ${trouble}` });
      resolve();
    };
    child.once('error', end);
    child.once('exit', end);
  });
  child.stdin?.on('error', () => undefined);
  if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.resolve(JSON.parse(line)));

  async function answer(what: string): Promise<unknown> {
    const said = await new Promise<Said>((resolve) => waiting.push({ resolve, what }));
    if ('error' in said) throw new Error(`${what}: ${said.error}`);
    return said.ok;
  }
  function order(act: string, dn: string, more: object = {}): Promise<unknown> {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${act}: the administrator has gone: ${trouble}`);
    child.stdin?.write(`${JSON.stringify({ act, dn, ...more })}\n`);
    return answer(`${act} ${dn}`);
  }
  const write = (act: string) => async (dn: string, attributes: Attributes) => {
    await order(act, dn, { attributes: encoded(attributes) });
  };

  await answer('open');
  return {
    add: write('add'),
    replace: write('replace'),
    extend: write('extend'),
    force: write('force'),
    rename: async (dn, to) => void (await order('rename', dn, { to })),
    remove: async (dn) => void (await order('remove', dn)),
    async read(dn, computed = []) {
      return new Map(Object.entries((await order('read', dn, { computed })) as Record<string, string[]>));
    },
    async atOnce(work) {
      await order('begin', '');
      await work();
      await order('commit', '');
    },
    grant: async (dn, trustee, rights) => void (await order('grant', dn, { trustee, rights })),
    async close() {
      child.stdin?.end();
      child.kill('SIGTERM');
      await ended;
    },
  };
}

const encoded = (attributes: Attributes): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, values]) => [
      name,
      (Array.isArray(values) ? values : [values]).map((value: Value) =>
        (Buffer.isBuffer(value) ? value : Buffer.from(String(value), 'utf8')).toString('base64'),
      ),
    ]),
  );
