using System.Text;
using System.Text.Json;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Fuzz;

/// <summary>A signed webhook that was changed: verified, looked at for handshakes, and read for events.</summary>
internal static class RequestCase
{
    public const int MaxSteps = 5;

    public static CaseResult Run(Scheme scheme, ulong seed, IReadOnlySet<int>? without, List<string> steps, ref object? input)
    {
        var draft = Signed(scheme, seed, without, steps, out var harmless);
        input = Shown.Of(draft);
        var request = draft.ToRequest();
        var connection = draft.ToConnection();

        var receiver = scheme.Receiver;
        receiver.MatchChallenge(request, connection);
        var verification = receiver.VerifyAsync(request, connection, CancellationToken.None);
        if (!verification.IsCompleted && scheme.Fetcher is null)
            return Fault("undecided", "Verification waits for something.", steps, input);

        var result = verification.AsTask().GetAwaiter().GetResult();
        var outcome = result.Ok ? "accepted" : result.Failure.ToString();

        // A certificate that cannot be had leaves it open, and the sender tries again.
        if (result.Failure == VerificationFailure.Undecided && (scheme.Fetcher is null || harmless))
            return Fault(outcome, "The result is undecided, which the host answers with 503.", steps, input);
        if (!result.Ok && string.IsNullOrEmpty(result.Detail))
            return Fault(outcome, "The refusal has no reason.", steps, input);
        if (result.Detail is { } detail && draft.Secrets.Any(secret => secret is { Length: > 7 } && detail.Contains(secret, StringComparison.Ordinal)))
            return Fault(outcome, "The reason contains the secret.", steps, input);

        var genuine = draft.Secrets.Any(secret => !string.IsNullOrEmpty(secret) && scheme.Genuine(request, secret));
        if (result.Ok && !genuine)
            return Fault(outcome, "FALSE ACCEPT: the reference finds no genuine signature.", steps, input);
        if (result.Ok && scheme.CoversBody && !(scheme.BorderMoves && (draft.Method != "POST" || receiver.Extract(request).Malformed is not null)) && !draft.Signed.Any(signed => signed.AsSpan().SequenceEqual(draft.Body)))
            return Fault(outcome, "FALSE ACCEPT: nobody signed this body.", steps, input);
        if (!result.Ok && harmless)
            return Fault(outcome, $"A genuine request was refused: {result.Detail}", steps, input);

        var extraction = receiver.Extract(request);
        if (FaultOf(extraction, receiver.Extract(request)) is { } wrong)
            return Fault(outcome, wrong, steps, input);

        // What the host would answer in the end.
        if (result.Ok && extraction.Malformed is not null)
            outcome = "malformed";
        return new CaseResult { Outcome = outcome, Steps = steps, Input = input };
    }

    private static Draft Signed(Scheme scheme, ulong seed, IReadOnlySet<int>? without, List<string> steps, out bool harmless)
    {
        var dice = new Dice(seed);
        var draft = new Draft { Query = scheme.Query, Body = scheme.MakeBody(dice), Secrets = [scheme.Secret], Settings = scheme.Settings };
        draft.Headers.Add(("Content-Type", scheme.ContentType));
        draft.Headers.AddRange(scheme.Headers);
        scheme.Sign(draft, dice, scheme.Secret);
        var count = dice.OneIn(12) ? 0 : 1 + dice.Below(dice.Pick(1, 2, 3, MaxSteps));
        Mutate(draft, dice, scheme, count, without, steps, out harmless);

        // A token with odd claims is made by the signing itself.
        harmless &= scheme.SignBy is null || scheme.Fetcher is not null;
        return draft;
    }

    public static void Mutate(Draft draft, Dice dice, Scheme scheme, int count, IReadOnlySet<int>? without, List<string> steps, out bool harmless)
    {
        harmless = true;
        for (var step = 0; step < count; step++)
        {
            var mutation = dice.PickFrom(Mutations.All);
            var own = new Dice(dice.Next());
            if (without?.Contains(step) == true)
                continue;

            mutation.Apply(draft, own, scheme);
            steps.Add(mutation.Name);
            harmless &= mutation.IsHarmless;
        }
    }

    private static string? FaultOf(ExtractionResult extraction, ExtractionResult again)
    {
        if (extraction.Malformed is { } malformed)
            return extraction.Events.Count > 0 ? "A malformed body has events." : malformed.Length == 0 ? "A refusal has no reason." : null;
        if (extraction.Events.Count > 10_000)
            return "More than 10,000 events.";
        if (!extraction.Events.Select(one => one.ProviderEventId).SequenceEqual(again.Events.Select(one => one.ProviderEventId)))
            return "The ids differ from one reading to the next.";

        foreach (var one in extraction.Events.Count > 200 ? extraction.Events.Take(200) : extraction.Events)
        {
            if (one.ProviderEventId.Length is 0 or > 256 || one.ProviderEventId.Any(char.IsControl) || !IsUnicode(one.ProviderEventId))
                return "An id that is empty, too long or no text.";
            if (one.Type.Length is 0 or > 128 || one.Type.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-')))
                return "A type with characters that patterns cannot match.";
            if (one.Subject is { } subject && (subject.Length > 1024 || !IsUnicode(subject)))
                return "A subject that is too long or no text.";
            if (one.Time < new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero) || one.Time > Draft.Now.AddDays(1))
                return "A time that nobody can believe.";

            using var data = JsonDocument.Parse(one.Data);
        }

        return null;
    }

    private static bool IsUnicode(string text)
    {
        try
        {
            _ = Strict.GetByteCount(text);
            return true;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    internal static CaseResult Fault(string outcome, string fault, IReadOnlyList<string> steps, object? input) => new() { Outcome = outcome, Fault = fault, Steps = steps, Input = input };
}
