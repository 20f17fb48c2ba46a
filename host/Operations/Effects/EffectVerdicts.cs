using System.Globalization;
using IntegrationHub.Adapters;

namespace IntegrationHub.Host.Operations.Effects;

/// <summary>Decides what became of an operation that changes something.</summary>
internal static class EffectVerdicts
{
    /// <param name="attempts">What was tried; nothing when the connection could not be opened.</param>
    /// <param name="result">What the caller is told; <see langword="null"/> when the caller went away first.</param>
    /// <param name="keySent">Whether the provider recognises a repetition by a key, so that its last answer speaks for every attempt.</param>
    public static (EffectVerdict Verdict, string? Reason) Of(IReadOnlyList<OperationAttempt> attempts, OperationResult? result, bool keySent)
    {
        if (result is { Succeeded: true })
            return (EffectVerdict.Succeeded, null);

        if (attempts.Count == 0)
            return (EffectVerdict.Failed, "Nothing was sent to the provider.");

        var last = attempts[^1];
        if (last.OutcomeUnknown)
            return (EffectVerdict.Unknown, result?.Error?.Message ?? "The caller went away before the provider answered.");

        // An answer that is no refusal to look at the request speaks for the attempts before it, when all of them were one request to the provider.
        var answered = keySent && last.ProviderStatus is not (null or 429 or >= 500);
        var doubtful = attempts.FirstOrDefault(attempt => attempt.OutcomeUnknown);
        return doubtful is null || answered
            ? (EffectVerdict.Failed, result?.Error?.Message ?? "The provider refused it.")
            : (EffectVerdict.Unknown, string.Create(CultureInfo.InvariantCulture, $"Attempt {doubtful.Number} was sent and not answered; the last attempt does not tell what became of it."));
    }
}
