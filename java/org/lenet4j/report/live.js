// What makes a page live: new figures as they come, and the button that stops the training.
'use strict';

const say = text => {
  document.getElementById('live-state').textContent = text;
};

/** Replaces a part of the page; what was open or had the focus still does. */
const replace = (id, html) => {
  const part = document.getElementById(id);
  const within = selector => [...part.querySelectorAll(selector)];
  const focusable = 'summary, [tabindex]';
  const open = within('details').map(details => details.open);
  const focused = within(focusable).indexOf(document.activeElement);
  part.innerHTML = html;
  within('details').forEach((details, i) => { details.open = open[i]; });
  within(focusable)[focused]?.focus({preventScroll: true});
};

const source = new EventSource('/events');
source.onopen = () => say('Live.');
source.onerror = () => say(source.readyState === EventSource.CLOSED
  ? 'Not connected (too many pages may watch); reload to try again.'
  : 'No connection to the training; trying again.');
source.addEventListener('progress', event => replace('progress', event.data));
source.addEventListener('results', event => replace('results', event.data));
source.addEventListener('end', event => {
  source.close();
  document.getElementById('stop').hidden = true;
  say(event.data);
});

document.getElementById('stop').addEventListener('submit', event => {
  event.preventDefault();
  const form = event.target;
  fetch(form.action, {method: 'POST', body: new URLSearchParams(new FormData(form))})
      .then(answer => {
        if (!answer.ok) throw new Error(`answer ${answer.status}`);
        form.querySelector('button').disabled = true;
        say('The training stops after this step and saves.');
      })
      .catch(error => say(`The training was not reached: ${error.message}`));
});
