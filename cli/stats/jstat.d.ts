/** The functions of jstat that lor2c uses; the package has no types of its own. */
declare module "jstat" {
  export const jStat: {
    studentt: {
      inv(probability: number, degreesOfFreedom: number): number;
      cdf(t: number, degreesOfFreedom: number): number;
    };
  };
  const all: { jStat: typeof jStat };
  export default all;
}
