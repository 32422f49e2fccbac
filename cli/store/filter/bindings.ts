/** The values of a statement that comes from what a user wrote. No text of the user gets into the SQL itself. */
export class Bindings {
  readonly values: Record<string, string | number> = {};

  /** The parameter's name in SQL. */
  add(value: string | number): string {
    const name = `f${Object.keys(this.values).length}`;
    this.values[name] = value;
    return `@${name}`;
  }
}
