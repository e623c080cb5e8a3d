"use strict";
// Every card plays one excerpt out of many at one common time, so that a click compares them.
// Without this script each excerpt keeps the browser's own player.
document.documentElement.classList.add("js");

const decoded = (context, audio) => {
  const text = atob(audio.src.slice(audio.src.indexOf(",") + 1));
  return context.decodeAudioData(Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer);
};

class Listening {
  constructor(card) {
    this.card = card;
    this.seconds = Number(card.dataset.seconds);
    this.takes = [...card.querySelectorAll(".take")];
    this.play = card.querySelector(".play");
    this.line = card.querySelector("input");
    this.clock = card.querySelector("output");
    this.active = this.takes[0];
    // the row whose versions the buttons choose from: the first with several
    this.home = this.takes.find((take) => take.parentElement.children.length > 1)?.parentElement;
    this.at = 0;
    this.sources = null;
    this.play.addEventListener("click", () => this.toggle());
    this.kinds = [...card.querySelectorAll(".kind")];
    for (const button of this.kinds) {
      button.addEventListener("click", () => this.chooseKind(button.dataset.kind));
    }
    card.addEventListener("keydown", (event) => this.key(event));
    this.line.addEventListener("input", () => this.seek(this.line.value * this.seconds));
    for (const take of this.takes) this.prepare(take);
    this.show();
  }

  prepare(take) {
    take.tabIndex = 0;
    take.setAttribute("role", "button");
    take.addEventListener("click", () => this.choose(take, true));
    take.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this.choose(take, true);
    });
  }

  async start() {
    Listening.playing?.stop();
    Listening.playing = this;
    this.context ??= new AudioContext();
    this.play.textContent = "Loading";
    this.buffers ??= await Promise.all(
      this.takes.map((take) => decoded(this.context, take.querySelector("audio"))));
    await this.context.resume();
    if (Listening.playing !== this || this.sources) return;
    this.began = this.context.currentTime + 0.02 - this.at;
    this.sources = this.buffers.map((buffer, n) => {
      const source = this.context.createBufferSource();
      const gain = this.context.createGain();
      source.buffer = buffer;
      source.loop = true;
      source.loopEnd = this.seconds;
      gain.gain.value = this.takes[n] === this.active ? 1 : 0;
      source.connect(gain).connect(this.context.destination);
      source.start(this.began + this.at, this.at);
      return { source, gain };
    });
    this.play.textContent = "Pause";
    this.tick();
  }

  stop() {
    if (this.sources) {
      this.at = this.now();
      for (const { source } of this.sources) source.stop();
    }
    this.sources = null;
    if (Listening.playing === this) Listening.playing = null;
    this.play.textContent = "Play";
    this.show();
  }

  toggle() { this.sources ? this.stop() : this.start(); }

  now() {
    if (!this.sources) return this.at;
    return Math.max(this.context.currentTime - this.began, 0) % this.seconds;
  }

  seek(seconds) {
    const playing = Boolean(this.sources);
    if (playing) this.stop();
    this.at = Math.min(seconds, this.seconds - 0.01);
    playing ? this.start() : this.show();
  }

  choose(take, begin) {
    this.active = take;
    if (take.parentElement.children.length > 1) this.home = take.parentElement;
    this.sources?.forEach(({ gain }, n) => gain.gain.setTargetAtTime(
      this.takes[n] === take ? 1 : 0, this.context.currentTime, 0.008));
    if (begin && !this.sources) this.start();
    this.show();
  }

  // Mixture, wet or dry of the class that was heard last; what a class lacks, another row has.
  chooseKind(kind) {
    const is = (take) => take.dataset.kind === kind;
    const take = this.takes.find((t) => is(t) && t.parentElement === this.home)
      ?? this.takes.find(is);
    this.choose(take, false);
  }

  // Digits choose a version, space plays, wherever in the card one is.
  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const kind = this.kinds[Number(event.key) - 1];
    const onButton = event.target.closest("button, .take, summary");
    if (kind) this.chooseKind(kind.dataset.kind);
    else if (event.key === " " && !onButton) this.toggle();
    else return;
    event.preventDefault();
  }

  show() {
    const at = this.now();
    this.card.style.setProperty("--t", at / this.seconds);
    this.line.value = at / this.seconds;
    this.clock.textContent = `${at.toFixed(1)} / ${this.seconds.toFixed(1)} s · ${this.active.dataset.name}`;
    for (const button of this.kinds) {
      button.setAttribute("aria-pressed", button.dataset.kind === this.active.dataset.kind);
    }
    for (const take of this.takes) {
      take.classList.toggle("on", take === this.active);
      take.setAttribute("aria-pressed", take === this.active);
    }
  }

  tick() {
    if (!this.sources) return;
    this.show();
    requestAnimationFrame(() => this.tick());
  }
}

for (const card of document.querySelectorAll(".listen")) new Listening(card);
