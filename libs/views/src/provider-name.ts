/**
 * Names of providers as `gen_ai.provider.name` has them, by how the AI SDK and others call them. Longer ones first: a
 * provider of the AI SDK is named with its API, `google.vertex.chat`.
 */
const known: readonly (readonly [string, string])[] = [
  ['google.vertex', 'gcp.vertex_ai'],
  ['google-vertex', 'gcp.vertex_ai'],
  ['google.generative-ai', 'gcp.gemini'],
  ['google', 'gcp.gen_ai'],
  ['gemini', 'gcp.gemini'],
  ['vertex', 'gcp.vertex_ai'],
  ['azure', 'azure.ai.openai'],
  ['amazon-bedrock', 'aws.bedrock'],
  ['bedrock', 'aws.bedrock'],
  ['mistral', 'mistral_ai'],
  ['moonshotai', 'moonshot_ai'],
  ['xai', 'x_ai'],
  ['openai', 'openai'],
  ['anthropic', 'anthropic'],
  ['cohere', 'cohere'],
  ['deepseek', 'deepseek'],
  ['groq', 'groq'],
  ['perplexity', 'perplexity'],
];

/** The name that the conventions have for a provider; its own name if they have none. */
export function conventionalProviderName(provider: string | undefined): string | undefined {
  if (provider === undefined) return undefined;
  const match = known.find(([name]) => provider === name || provider.startsWith(`${name}.`));
  // Names that are conventional already hold a dot that is no API: `azure.ai.inference`.
  return match === undefined || provider.startsWith('azure.ai.') ? provider : match[1];
}
