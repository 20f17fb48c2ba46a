namespace IntegrationHub.Schemas;

/// <summary>One thing that is wrong with a JSON document.</summary>
/// <param name="Pointer">Where: a JSON pointer (RFC 6901) into the document; empty for the whole.</param>
/// <param name="Message">What is wrong, as a sentence. Never contains the value of a secret.</param>
/// <param name="Hint">What to do about it, when that can be said.</param>
public sealed record ValidationIssue(string Pointer, string Message, string? Hint = null);
