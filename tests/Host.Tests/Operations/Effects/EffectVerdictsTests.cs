using IntegrationHub.Adapters;
using IntegrationHub.Host.Operations;
using IntegrationHub.Host.Operations.Effects;

namespace IntegrationHub.Host.Tests.Operations.Effects;

public sealed class EffectVerdictsTests
{
    /// <summary>Attempts as <c>ok</c>, <c>lost</c> (sent, no answer), <c>refused</c> (never sent), <c>cancelled</c>, or a status that the provider answered with (<c>?</c> after it: outcome unknown).</summary>
    [Theory]
    [InlineData("ok", false, "Succeeded")]
    [InlineData("lost ok", false, "Succeeded")]
    [InlineData("400", false, "Failed")]
    [InlineData("refused", false, "Failed")]
    [InlineData("429", false, "Failed")]
    [InlineData("500", false, "Failed")]
    [InlineData("502?", true, "Unknown")]
    [InlineData("lost", false, "Unknown")]
    [InlineData("lost", true, "Unknown")]
    [InlineData("cancelled", false, "Unknown")]
    [InlineData("refused lost", false, "Unknown")]
    [InlineData("lost refused", false, "Unknown")]
    [InlineData("lost refused", true, "Unknown")]
    [InlineData("lost 402", true, "Failed")] // the provider knew the key, and this is its answer to all attempts
    [InlineData("lost 402", false, "Unknown")]
    [InlineData("lost 429", true, "Unknown")] // it did not look at the request
    [InlineData("lost 500", true, "Unknown")]
    [InlineData("500 400", false, "Failed")]
    public void Of_AttemptsAndKey_GivesVerdict(string attempts, bool keySent, string expected)
    {
        var log = attempts.Split(' ').Select((word, index) => Attempt(index + 1, word)).ToList();
        var result = log[^1].Outcome switch
        {
            "succeeded" => OperationResult.Success(default),
            "cancelled" => null,
            _ => OperationResult.Failure(new ProviderError { Category = ErrorCategory.ProviderError, Message = "It said no.", OutcomeUnknown = log[^1].OutcomeUnknown }),
        };

        var (verdict, reason) = EffectVerdicts.Of(log, result, keySent);

        Assert.Equal(expected, verdict.ToString());
        Assert.Equal(expected == "Succeeded", reason is null);
    }

    private static OperationAttempt Attempt(int number, string word)
    {
        var (outcome, status, unknown) = word switch
        {
            "ok" => ("succeeded", (int?)200, false),
            "lost" => ("timeout", null, true),
            "refused" => ("unavailable", null, false),
            "cancelled" => ("cancelled", null, true),
            _ => ("provider_error", int.Parse(word.TrimEnd('?'), System.Globalization.CultureInfo.InvariantCulture), word.EndsWith('?')),
        };
        return new OperationAttempt(number, default, default, outcome, status, null, unknown);
    }
}
