/* Asks the browser for a passkey and sends its answer with the form. Without this script the other ways are still there, and the page says so. */

for (const button of document.querySelectorAll('[data-passkey]')) {
  const form = button.closest('form');
  const box = button.closest('.passkey');
  if (!globalThis.PublicKeyCredential) continue;
  box.querySelector('[data-absent]').hidden = true;
  button.hidden = false;
  button.addEventListener('click', async () => {
    const said = box.querySelector('[role=status]');
    said.textContent = '';
    button.setAttribute('aria-busy', 'true');
    try {
      send(form, box, await answerTo(button.dataset.passkey, JSON.parse(button.dataset.options)));
    } catch (problem) {
      // NotAllowedError is also what a person's own "cancel" is called, and their having no passkey here.
      said.textContent = problem.name === 'InvalidStateError' ? button.dataset.known : button.dataset.failed;
    } finally {
      button.removeAttribute('aria-busy');
    }
  });
}

async function answerTo(act, { challenge, user, excludeCredentials, ...options }) {
  const publicKey = { ...options, challenge: bytes(challenge) };
  if (act === 'get') {
    const { id, rawId, type, response } = await navigator.credentials.get({ publicKey });
    const { clientDataJSON, authenticatorData, signature, userHandle } = response;
    const signed = { clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature) };
    return { id, rawId: text(rawId), type, response: { ...signed, userHandle: userHandle?.byteLength ? text(userHandle) : null } };
  }
  publicKey.user = { ...user, id: bytes(user.id) };
  publicKey.excludeCredentials = excludeCredentials.map(({ id, type }) => ({ id: bytes(id), type }));
  const { id, rawId, type, response } = await navigator.credentials.create({ publicKey });
  const { clientDataJSON, attestationObject } = response;
  return { id, rawId: text(rawId), type, response: { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject) } };
}

/* A field for a code beside it has the same name: it stays out of this answer. */
function send(form, box, answer) {
  for (const other of form.querySelectorAll('[name=answer]')) other.disabled = true;
  const field = box.querySelector('[data-answer]');
  field.name = 'answer';
  field.disabled = false;
  field.value = JSON.stringify(answer);
  form.submit();
}

function bytes(base64url) {
  return Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (sign) => sign.charCodeAt(0));
}

function text(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
