/** The settings of a stored run. Runs of an earlier day have only the name of their task. */
export function storedSettings(text: string): Record<string, unknown> {
  const settings = JSON.parse(text) as Record<string, unknown>;
  const { task } = settings;
  return typeof task === "string" ? { ...settings, task: { name: task, labels: null, metrics: null } } : settings;
}
