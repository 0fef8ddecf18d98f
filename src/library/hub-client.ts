/** The Hub's own client, in a chunk of its own: nobody downloads it who does not ask the Hub. */
export { HubApiError, listFiles, modelInfo } from '@huggingface/hub';
