import type { Message } from '@stepfold/fold';
import {
  guardedWrite,
  orderOf,
  registeredAfter,
  type ChatSummary,
  type DeadLetter,
  type GenerationClaim,
  type GuardedWritePort,
  type MessageStore,
  type Page,
  type Progress,
  type ReplaceAnswer,
  type UpsertAnswer,
  type WriteOutcome,
} from '@stepfold/message-store';
import type { Exchange } from './exchange.js';
import type { Incarnation } from './incarnation.js';
import { idOf, repairGuard, type Guard, type StoreServer } from './store-server.js';

export interface SimulatedStoreOptions {
  readonly server: StoreServer;
  readonly exchange: Exchange;
  readonly incarnation: Incarnation;
  /** Puts something between the algorithm of guarded writes and the store. */
  readonly wrapPort?: (port: GuardedWritePort<Message>) => GuardedWritePort<Message>;
}

/** The store as one process sees it. What decides about versions is the production algorithm. */
export class SimulatedStore implements MessageStore {
  constructor(readonly options: SimulatedStoreOptions) {}

  write(collection: string, versions: readonly Message[]): Promise<readonly WriteOutcome[]> {
    return guardedWrite(this.#port(this.options.server.guard), collection, versions);
  }

  repair(collection: string, versions: readonly Message[]): Promise<readonly WriteOutcome[]> {
    return guardedWrite(this.#port(repairGuard), collection, versions);
  }

  #port(guard: Guard): GuardedWritePort<Message> {
    const { server, incarnation, wrapPort } = this.options;
    const port: GuardedWritePort<Message> = {
      upsert: (collection, versions) =>
        this.#batch<UpsertAnswer>('upsert', versions, (version, answer) =>
          server.upsert(incarnation.name, collection, version, answer, guard),
        ),
      replace: (collection, versions) =>
        this.#batch<ReplaceAnswer>('replace', versions, (version, answer) =>
          answer(server.replace(incarnation.name, collection, version, guard)),
        ),
    };
    return wrapPort?.(port) ?? port;
  }

  #batch<T>(
    what: string,
    versions: readonly Message[],
    act: (version: Message, answer: (answer: T) => void) => void,
  ): Promise<readonly T[]> {
    const { server, exchange, incarnation } = this.options;
    return exchange.request<readonly T[]>(
      incarnation,
      `${what} ${versions.length}`,
      (answer, failHalfWay) => {
        const answers: T[] = [];
        let missing = versions.length;
        const extent = server.batch(versions.length, (index) => {
          act(versions[index]!, (given) => {
            answers[index] = given;
            missing -= 1;
            if (missing === 0) answer(answers);
          });
        });
        if (extent === 'partial') failHalfWay();
      },
    );
  }

  raiseProgress(progress: Progress): Promise<void> {
    const { server, exchange, incarnation } = this.options;
    return exchange.request<void>(incarnation, 'raise progress', (answer) => {
      server.raiseProgress(incarnation.name, progress);
      answer();
    });
  }

  progress(generation: number): Promise<readonly Progress[]> {
    const { server, exchange, incarnation } = this.options;
    return exchange.request<readonly Progress[]>(incarnation, 'progress', (answer) => {
      answer([...server.progress.values()].filter((progress) => progress.generation === generation));
    });
  }

  writeDeadLetters(letters: readonly DeadLetter[]): Promise<void> {
    const { server, exchange, incarnation } = this.options;
    return exchange.request<void>(incarnation, `write ${letters.length} dead letters`, (answer) => {
      server.writeDeadLetters(incarnation.name, letters);
      answer();
    });
  }

  deadLetters(): Promise<Page<DeadLetter>> {
    const { server, exchange, incarnation } = this.options;
    return exchange.request<Page<DeadLetter>>(incarnation, 'dead letters', (answer) => {
      answer({ items: [...server.letters.values()].sort((a, b) => (a.id < b.id ? -1 : 1)) });
    });
  }

  messages(chatId: string): Promise<Page<Message>> {
    return this.#readLive('messages', (live) => ({
      items: [...live.values()].filter((message) => message.chat_id === chatId).sort(byOrder),
    }));
  }

  message(chatId: string, stepId: string): Promise<Message | undefined> {
    return this.#readLive('message', (live) => live.get(idOf({ chat_id: chatId, step_id: stepId })));
  }

  /** No service asks for it: what the messages say is enough. */
  chats(): Promise<Page<ChatSummary>> {
    return this.#readLive('chats', (live) => {
      const byChat = new Map<string, Message[]>();
      for (const message of [...live.values()].sort(byOrder)) {
        byChat.set(message.chat_id, [...(byChat.get(message.chat_id) ?? []), message]);
      }
      const items = [...byChat].map(([chat_id, messages]) => ({
        chat_id,
        created_at: Math.min(...messages.map((message) => message.started_at)),
        updated_at: Math.max(...messages.map((message) => message.last_event_at)),
        status: messages.at(-1)!.status,
      }));
      return { items: items.sort((a, b) => b.updated_at - a.updated_at) };
    });
  }

  #readLive<T>(what: string, read: (live: ReadonlyMap<string, Message>) => T): Promise<T> {
    const { server, exchange, incarnation } = this.options;
    return exchange.request<T>(incarnation, what, (answer) => answer(read(server.collection(server.live))));
  }

  liveCollection(): Promise<string> {
    const { server, exchange, incarnation } = this.options;
    return exchange.request<string>(incarnation, 'live collection', (answer) => answer(server.live));
  }

  switchLiveCollection(from: string, to: string): Promise<boolean> {
    const { server, exchange, incarnation } = this.options;
    return exchange.request<boolean>(incarnation, 'switch', (answer) => {
      const isSwitched = server.live === from;
      if (isSwitched) server.live = to;
      answer(isSwitched);
    });
  }

  claimGeneration(claim: GenerationClaim): Promise<GenerationClaim> {
    const { server, exchange, incarnation } = this.options;
    return exchange.request<GenerationClaim>(incarnation, 'claim generation', (answer) => {
      server.generation = registeredAfter(server.generation, claim);
      answer(server.generation);
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function byOrder(a: Message, b: Message): number {
  const [orderA, orderB] = [orderOf(a), orderOf(b)];
  if (orderA !== orderB) return orderA < orderB ? -1 : 1;
  return a.step_id < b.step_id ? -1 : 1;
}
