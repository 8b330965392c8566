// Where one looks at the chart from: screen = chart * scale + offset, in CSS pixels.

import type { Bounds } from "./chart";

export class View {
  scale = 1;
  x = 0;
  y = 0;
  least = 0.01;
  most = 10;

  toChart(x: number, y: number): { x: number; y: number } {
    return { x: (x - this.x) / this.scale, y: (y - this.y) / this.scale };
  }
  toScreen(x: number, y: number): { x: number; y: number } {
    return { x: x * this.scale + this.x, y: y * this.scale + this.y };
  }

  fit(bounds: Bounds, width: number, height: number, margin: number): void {
    const scale = Math.min(
      (width - 2 * margin) / (bounds.right - bounds.left || 1),
      (height - 2 * margin) / (bounds.bottom - bounds.top || 1),
    );
    this.scale = Math.max(1e-6, Math.min(scale, this.most));
    this.x = width / 2 - ((bounds.left + bounds.right) / 2) * this.scale;
    this.y = height / 2 - ((bounds.top + bounds.bottom) / 2) * this.scale;
  }

  /** Zooms so that the chart's point under (x, y) stays there. */
  zoom(factor: number, x: number, y: number): void {
    const scale = Math.max(this.least, Math.min(this.most, this.scale * factor));
    const real = scale / this.scale;
    this.x = x - (x - this.x) * real;
    this.y = y - (y - this.y) * real;
    this.scale = scale;
  }

  /** Keeps some of the chart within sight. */
  confine(bounds: Bounds, width: number, height: number): void {
    const keep = 0.35;
    this.x = Math.min(
      width * (1 - keep) - bounds.left * this.scale,
      Math.max(width * keep - bounds.right * this.scale, this.x),
    );
    this.y = Math.min(
      height * (1 - keep) - bounds.top * this.scale,
      Math.max(height * keep - bounds.bottom * this.scale, this.y),
    );
  }

  copy(): View {
    return Object.assign(new View(), this);
  }
}
