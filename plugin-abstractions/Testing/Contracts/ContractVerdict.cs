namespace IntegrationHub.Testing.Contracts;

/// <summary>How a message stands to the description.</summary>
internal enum VerdictOutcome
{
    /// <summary>All of it was judged, and nothing contradicts the description.</summary>
    Fits,

    /// <summary>At least one error.</summary>
    Violates,

    /// <summary>No error was found, but something of it could not be judged. Never to be counted as fitting.</summary>
    NotJudged,
}

/// <summary>An operation of a vendor's description.</summary>
/// <param name="Method">In capitals.</param>
/// <param name="Path">The template, as the description writes it.</param>
/// <param name="Id">The description's own name for it, if it has one.</param>
/// <param name="Place">File and JSON pointer.</param>
internal sealed record VendorOperation(string Method, string Path, string? Id, string Place)
{
    public override string ToString() => $"{Method} {Path}";
}

/// <summary>What the description says about one message.</summary>
/// <param name="Operation">The operation that was recognised; <see langword="null"/> when the description has none such.</param>
/// <param name="Violations">Everything that contradicts it, warnings included.</param>
/// <param name="NotJudged">What could not be judged, and why.</param>
internal sealed record ContractVerdict(VendorOperation? Operation, IReadOnlyList<ContractViolation> Violations, IReadOnlyList<NotUnderstood> NotJudged)
{
    public IEnumerable<ContractViolation> Errors => Violations.Where(violation => violation.Severity == ViolationSeverity.Error);

    public VerdictOutcome Outcome => Errors.Any() ? VerdictOutcome.Violates : NotJudged.Count > 0 ? VerdictOutcome.NotJudged : VerdictOutcome.Fits;
}
