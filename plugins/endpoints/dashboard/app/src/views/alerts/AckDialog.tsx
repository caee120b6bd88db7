// Saying who looks after an alert. SPDX-License-Identifier: MIT
import { useState } from 'react';
import type { Alert } from '@/api/types';
import { Dialog } from '@/ui/Dialog';
import { TextArea, TextField } from '@/ui/Field';
import { isolate } from '@/ui/text';
import { useCommand } from '@/ui/Toast';
import { assigneeOf } from './parts';

export function AckDialog({ alert: a, onClose }: { alert: Alert; onClose: () => void }) {
  const [comment, setComment] = useState('');
  const ack = useCommand('alert.ack', () => `${isolate(a.rule)} on ${isolate(a.entity)} is acknowledged`);
  const save = async () => {
    const text = comment.trim();
    if ((await ack.run({ id: a.id, ...(text ? { comment: text } : {}) })) !== undefined) onClose();
  };
  return (
    <Dialog
      title={`Acknowledge ${a.rule}`}
      submit="Acknowledge"
      busy={ack.busy}
      onSubmit={() => void save()}
      onClose={onClose}
    >
      <p className="muted">Nobody is told again until it ends, gets graver or fires anew.</p>
      <TextArea
        label="What others should know"
        data-autofocus
        value={comment}
        onChange={(e) => setComment(e.target.value)}
      />
    </Dialog>
  );
}

export function AssignDialog({ alert: a, onClose }: { alert: Alert; onClose: () => void }) {
  const [to, setTo] = useState(assigneeOf(a) ?? '');
  const [wrong, setWrong] = useState(false);
  const assign = useCommand(
    'alert.assign',
    () => `${isolate(a.rule)} on ${isolate(a.entity)} is assigned to ${isolate(to.trim())}`,
  );
  const save = async () => {
    if (!to.trim()) setWrong(true);
    else if ((await assign.run({ id: a.id, who: to.trim() })) !== undefined) onClose();
  };
  return (
    <Dialog
      title={`Assign ${a.rule}`}
      submit="Assign"
      busy={assign.busy}
      onSubmit={() => void save()}
      onClose={onClose}
    >
      <TextField
        label="To"
        data-autofocus
        value={to}
        error={wrong && !to.trim() ? 'Say who looks after it.' : null}
        onChange={(e) => setTo(e.target.value)}
        help="A person or a team, as you call them"
      />
    </Dialog>
  );
}
