// Long tables: pages of rows, a filter above every column, and an order by any of them.
class LongTable {
  constructor(box) {
    this.box = box;
    this.columns = JSON.parse(box.querySelector("script").textContent);
    this.size = Number(box.dataset.rows);
    this.count = this.columns[0].cells.length;
    this.filters = this.columns.map(() => null);
    this.chosen = Array.from({ length: this.count }, (_, row) => row);
    this.by = -1;
    this.down = false;
    this.page = 0;
    this.table = box.querySelector("table");
    this.heads = [...this.table.tHead.rows[0].cells];
    this.heads.forEach((head, column) => this.sorter(head, column));
    this.filterRow();
    this.pager();
    this.show();
  }

  number(column) { return this.columns[column].decimals !== undefined; }

  value(column, row) {
    const { words, cells } = this.columns[column];
    return words ? words[cells[row]] : cells[row];
  }

  text(column, row) {
    const value = this.value(column, row);
    if (!this.number(column)) return value;
    return value === null ? "–" : value.toFixed(this.columns[column].decimals).replace("-", "−");
  }

  sorter(head, column) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.textContent = head.textContent;
    button.addEventListener("click", () => {
      if (this.by !== column) [this.by, this.down] = [column, false];
      else if (!this.down) this.down = true;
      else this.by = -1;
      this.choose();
    });
    head.replaceChildren(button);
    if (this.number(column)) head.classList.add("number");
  }

  filterRow() {
    const row = this.table.tHead.insertRow();
    row.className = "filters";
    this.columns.forEach((column, place) => {
      const input = document.createElement("input");
      const number = this.number(place);
      input.type = "search";
      input.placeholder = number ? "> 0" : "contains";
      input.setAttribute("aria-label", `filter by ${column.title}`);
      input.addEventListener("input", () => {
        const found = number ? LongTable.range(input.value) : LongTable.part(input.value);
        input.setAttribute("aria-invalid", found === undefined);
        this.filters[place] = found ?? null;
        this.page = 0;
        this.choose();
      });
      row.insertCell().append(input);
    });
  }

  // What a text filter means: null keeps all.
  static part(text) {
    const wanted = text.trim().toLowerCase();
    return wanted ? (value) => value.toLowerCase().includes(wanted) : null;
  }

  // What a filter of numbers means: null keeps all, undefined cannot be read.
  static range(text) {
    const plain = text.replaceAll("−", "-").trim();
    if (!plain) return null;
    const between = plain.match(/^(-?\d*\.?\d+)\s*\.\.\s*(-?\d*\.?\d+)$/);
    if (between) {
      const [low, high] = between.slice(1).map(Number);
      return (value) => value !== null && value >= low && value <= high;
    }
    const bound = plain.match(/^(>=|<=|>|<|=|)\s*(-?\d*\.?\d+)$/);
    if (!bound) return undefined;
    const limit = Number(bound[2]);
    const keeps = {
      ">": (value) => value > limit, ">=": (value) => value >= limit,
      "<": (value) => value < limit, "<=": (value) => value <= limit,
    }[bound[1]] ?? ((value) => value === limit);
    return (value) => value !== null && keeps(value);
  }

  choose() {
    // a text is looked at once, however many rows have it
    const tests = this.columns.flatMap(({ words, cells }, column) => {
      const keeps = this.filters[column];
      if (!keeps) return [];
      if (!words) return [(row) => keeps(cells[row])];
      const good = words.map(keeps);
      return [(row) => good[cells[row]]];
    });
    const rows = [];
    for (let row = 0; row < this.count; row += 1) {
      if (tests.every((keeps) => keeps(row))) rows.push(row);
    }
    if (this.by >= 0) this.sort(rows);
    this.chosen = rows;
    this.show();
  }

  sort(rows) {
    const { words, cells } = this.columns[this.by];
    let keys = cells;
    if (words) {
      const order = words.map((_, place) => place);
      const { compare } = new Intl.Collator("en", { numeric: true });
      order.sort((a, b) => compare(words[a], words[b]));
      const rank = [];
      order.forEach((place, n) => { rank[place] = n; });
      keys = cells.map((cell) => rank[cell]);
    }
    const sign = this.down ? -1 : 1;
    rows.sort((a, b) => {
      if (keys[a] === null || keys[b] === null) return (keys[a] === null) - (keys[b] === null);
      return sign * (keys[a] - keys[b]) || a - b;
    });
  }

  pager() {
    const bar = document.createElement("div");
    bar.className = "pager";
    this.said = document.createElement("output");
    this.buttons = [["first", () => 0], ["previous", () => this.page - 1],
      ["next", () => this.page + 1], ["last", () => this.pages - 1]].map(([name, where]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = { first: "«", previous: "‹", next: "›", last: "»" }[name];
      button.setAttribute("aria-label", `${name} page of ${this.box.dataset.name}`);
      button.addEventListener("click", () => { this.page = where(); this.show(); });
      return button;
    });
    bar.append(...this.buttons.slice(0, 2), this.said, ...this.buttons.slice(2));
    this.bar = bar;
    this.box.append(bar);
  }

  get pages() { return Math.max(Math.ceil(this.chosen.length / this.size), 1); }

  show() {
    this.page = Math.min(Math.max(this.page, 0), this.pages - 1);
    const first = this.page * this.size;
    const rows = this.chosen.slice(first, first + this.size);
    this.table.tBodies[0].replaceChildren(...rows.map((row) => {
      const line = document.createElement("tr");
      this.columns.forEach((_, column) => {
        const cell = document.createElement(column ? "td" : "th");
        if (!column) cell.scope = "row";
        if (this.number(column)) cell.className = "number";
        cell.textContent = this.text(column, row);
        line.append(cell);
      });
      return line;
    }));
    const name = this.box.dataset.name;
    const of = this.chosen.length < this.count ? ` of ${this.count.toLocaleString("en")}` : "";
    this.said.textContent = rows.length
      ? `${first + 1} to ${first + rows.length} of ${this.chosen.length.toLocaleString("en")} ${name}${of && ` found${of}`}`
      : `none of ${this.count.toLocaleString("en")} ${name}`;
    this.buttons.forEach((button, n) => {
      button.disabled = n < 2 ? this.page === 0 : this.page === this.pages - 1;
    });
    this.bar.hidden = this.count <= this.size && rows.length === this.count;
    this.heads.forEach((head, column) => {
      const order = this.down ? "descending" : "ascending";
      head.setAttribute("aria-sort", column === this.by ? order : "none");
    });
  }
}

for (const box of document.querySelectorAll(".long")) new LongTable(box);
