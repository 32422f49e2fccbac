/** What users said about the run `v.run`, see marks.ts. */
export const TAGS_OF_V = "(SELECT json_group_array(t.tag ORDER BY t.tag) FROM run_tags t WHERE t.run = v.run)";
export const NOTE_OF_V = "(SELECT n.text FROM run_notes n WHERE n.run = v.run)";
export const BASELINE_OF_V = "EXISTS (SELECT 1 FROM baselines b WHERE b.run = v.run)";
