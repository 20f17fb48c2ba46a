namespace IntegrationHub.Testing.Contracts;

/// <summary>What sort of disagreement it is.</summary>
internal enum ViolationKind
{
    UnknownHost,
    UnknownPath,
    UnknownMethod,

    /// <summary>A parameter or property that the description does not have: vendors mostly ignore it in silence, so the plugin's author never learns of the slip.</summary>
    UnknownName,
    Missing,
    WrongType,

    /// <summary>Not one of the listed values.</summary>
    ForbiddenValue,
    OutOfBounds,
    WrongFormat,

    /// <summary>The right value, written down in a way the vendor does not read (brackets, commas, repetition).</summary>
    WrongEncoding,
    WrongContentType,
    MalformedBody,
    UnexpectedBody,
    NoAlternativeFits,
    SeveralAlternativesFit,
    ReadOnly,
    Security,
    UnknownStatus,
}

/// <summary>Whether it fails the plugin.</summary>
internal enum ViolationSeverity
{
    Warning,
    Error,
}

/// <summary>One disagreement between a message and the vendor's description. Values of headers and of credentials are never repeated in it.</summary>
/// <param name="Kind">What sort it is.</param>
/// <param name="Severity">Whether it fails the plugin.</param>
/// <param name="Pointer">Where in the message: <c>/method</c>, <c>/path/customer</c>, <c>/query/limit</c>, <c>/header/X-Version</c>, <c>/body/items/0/price</c>, <c>/status</c>.</param>
/// <param name="Message">What is wrong, as a sentence.</param>
/// <param name="Place">Where the description says otherwise: a JSON pointer into it.</param>
/// <param name="Hint">What to do, often the nearest known name.</param>
internal sealed record ContractViolation(ViolationKind Kind, ViolationSeverity Severity, string Pointer, string Message, string Place, string? Hint)
{
    public override string ToString() => $"{Pointer}: {Message}{(Hint is null ? "" : " " + Hint)} (description: {Place})";
}

/// <summary>Something in a description that this library cannot judge by.</summary>
/// <param name="Place">File and JSON pointer: <c>openapi.json#/paths/~1charges</c>.</param>
/// <param name="What">The construct (<c>$dynamicRef</c>, <c>application/xml</c>).</param>
/// <param name="Why">What that means, as a sentence.</param>
internal sealed record NotUnderstood(string Place, string What, string Why)
{
    public override string ToString() => $"{Place}: {What}: {Why}";
}
