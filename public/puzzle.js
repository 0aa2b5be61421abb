/* Does the work that is asked of this address, so that nobody has to type the sum. The form can be sent as soon as it is done, or the sum is typed. */

for (const box of document.querySelectorAll('[data-puzzle]')) void solve(box, box.dataset);

async function solve(box, { puzzle: seed, bits }) {
  if (!globalThis.crypto?.subtle) return;
  const field = box.querySelector('.field');
  const said = box.querySelector('[role=status]');
  // An error in it goes on being seen: it may be all that says why the form came back.
  for (const part of field.children) part.hidden = !part.matches('.error');
  said.textContent = box.dataset.working;
  const words = new TextEncoder();
  const most = 2 ** (32 - Number(bits));
  for (let tried = 0; ; tried += 256) {
    const hashes = await Promise.all(
      Array.from({ length: 256 }, (_unused, nth) => crypto.subtle.digest('SHA-256', words.encode(`${seed}.${tried + nth}`))),
    );
    const found = hashes.findIndex((hash) => new DataView(hash).getUint32(0) < most);
    if (found < 0) continue;
    box.querySelector('[name=puzzle_work]').value = String(tried + found);
    said.textContent = box.dataset.done;
    return;
  }
}
