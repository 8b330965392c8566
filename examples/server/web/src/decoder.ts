// Reading QR codes off a picture: the browser's own detector where there is one, a script otherwise.

export type Decode = (video: HTMLVideoElement) => Promise<string | null>;

interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}
interface DetectorClass {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}

// Wide enough for a code of some 500 modules' worth of pixels held at arm's length, small enough for a
// phone's script.
const width = 640;

async function byBrowser(): Promise<Decode | null> {
  const detectorClass = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
  if (!detectorClass) return null;
  try {
    if (!(await detectorClass.getSupportedFormats()).includes("qr_code")) return null;
    const detector = new detectorClass({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video))[0]?.rawValue ?? null;
  } catch {
    // The class without a service behind it, as on desktops.
    return null;
  }
}

async function byScript(): Promise<Decode> {
  const { default: jsQR } = await import("jsqr");
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  return async (video) => {
    const scale = Math.min(1, width / video.videoWidth);
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return jsQR(data, canvas.width, canvas.height, { inversionAttempts: "dontInvert" })?.data || null;
  };
}

export const makeDecoder = async (): Promise<Decode> => (await byBrowser()) ?? (await byScript());
