using System.Globalization;
using IntegrationHub.Manifests;
using IntegrationHub.Testing.Running;
using IntegrationHub.Testing.Suite;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Testing.Checks;

/// <summary>Sample webhooks: signed, accepted and read; spoiled in every way, refused.</summary>
internal static class WebhookChecks
{
    public static async Task RunAsync(SuiteContext suite, CancellationToken cancellationToken)
    {
        if (suite.Manifest.Webhooks is not { } webhooks)
        {
            suite.Log.Skip("webhooks", "webhooks are verified and read", "the manifest declares none");
            return;
        }

        var rig = new WebhookRig(suite, webhooks);
        suite.Log.Run("webhooks.samples", "every type has a sample, from which id, type and time are read", log => Samples(rig, log));
        await suite.Log.RunAsync("webhooks.accepted", "signed samples are accepted", log => AcceptedAsync(rig, log), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("webhooks.unsigned", "unsigned and badly signed requests are refused", log => UnsignedAsync(rig, log), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("webhooks.tampered", "a changed body, header, timestamp or secret is refused", log => TamperedAsync(rig, log), cancellationToken).ConfigureAwait(false);
        suite.Log.Run("webhooks.replayed", "a repetition has the same event id", log => Replayed(rig, log));
        await suite.Log.RunAsync("webhooks.challenge", "handshakes are answered", log => ChallengeChecks.RunAsync(rig, log), cancellationToken).ConfigureAwait(false);
    }

    private static void Samples(WebhookRig rig, CheckLog log)
    {
        var withId = false;
        foreach (var type in rig.Webhooks.Types.Keys.Where(type => !rig.Samples.ContainsKey(type)))
            log.Warn($"/webhooks/types/{type}", $"There is no sample of '{type}'.", "Add one under simulator.webhooks.");

        foreach (var (type, sample) in rig.Samples)
        {
            log.Case();
            var pointer = $"/simulator/webhooks/{type}";
            var read = rig.Receiver.Extract(rig.Request(sample));
            if (read.Malformed is { } problem)
                log.Error(pointer, $"No event can be read from the sample: {problem}");
            else if (read.Events.Count == 0)
                log.Error(pointer, "The sample has no event in it.", "Look at webhooks.event.batch.");

            foreach (var found in read.Events)
            {
                Judge(rig, log, pointer, type, found);
                withId |= !found.ProviderEventId.StartsWith("sha256:", StringComparison.Ordinal);
            }
        }

        if (rig.Webhooks.Event.Id.Count > 0 && log.Cases > 0 && !withId)
            log.Error("/webhooks/event/id", "No sample has an event id where the manifest says it stands.", "Compare the samples with webhooks.event.id.");

        if (log.Cases == 0)
            log.NotApplicable("there is no sample");
    }

    private static void Judge(WebhookRig rig, CheckLog log, string pointer, string type, ExtractedEvent found)
    {
        if (found.Type != Safe(type))
            log.Error(pointer, $"The sample of '{type}' is read as '{found.Type}'.", "Compare the sample with webhooks.event.type.");

        if (rig.Webhooks.Event.Id.Count > 0 && found.ProviderEventId.StartsWith("sha256:", StringComparison.Ordinal))
            log.Warn(pointer, $"The sample of '{type}' has no event id where the manifest says it stands, so a repetition is known only when it is the same to the byte.", "Compare the sample with webhooks.event.id.");

        if (rig.Webhooks.Event.Id.Count == 0)
            log.Warn("/webhooks/event/id", "Events have no id, so a repetition is known only when it is the same to the byte.", "Say where the provider's id stands, if it has one.");

        if (rig.Webhooks.Event.Time.Count > 0 && found.Time == SuiteClock.Now)
            log.Warn(pointer, "The sample has no time where the manifest says it stands.", "Compare the sample with webhooks.event.time.");
    }

    // As the hub writes types: other characters are no part of CloudEvents types.
    private static string Safe(string type) => string.Concat(type.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '_'));

    private static async Task AcceptedAsync(WebhookRig rig, CheckLog log)
    {
        var schemesThatWork = new HashSet<int>();
        foreach (var (type, sample) in rig.Samples)
        {
            VerificationResult last = default;
            var accepted = false;
            for (var index = 0; index < rig.Webhooks.Verify.Count; index++)
            {
                if (rig.Sign(index, sample, SuiteClock.Now, out var problem) is not { } signed)
                {
                    if (problem is not null)
                        log.Error($"/webhooks/verify", $"The sample of '{type}' cannot be signed: {problem}");

                    continue;
                }

                log.Case();
                last = await rig.VerifyAsync(signed, rig.Connection, log).ConfigureAwait(false);
                if (last.Ok)
                {
                    accepted = true;
                    schemesThatWork.Add(index);
                }
            }

            if (!accepted && rig.Signable.Count > 0)
                log.Error($"/simulator/webhooks/{type}", $"The sample of '{type}', correctly signed, is refused: {last.Detail}", "Look at webhooks.verify.");
        }

        foreach (var index in rig.Samples.Count == 0 ? [] : rig.Signable.Except(schemesThatWork))
            log.Error($"/webhooks/verify/{index}", "No sample is ever accepted by this scheme.", "Look at its \"when\", or leave it out.");

        if (log.Cases == 0)
            log.NotApplicable(rig.Samples.Count == 0 ? "there is no sample" : "the suite cannot sign as this scheme wants; recorded requests in contract/webhooks can show it");
    }

    private static async Task UnsignedAsync(WebhookRig rig, CheckLog log)
    {
        if (rig.Webhooks.Verify.Any(scheme => scheme.Scheme == VerifyScheme.None))
        {
            log.NotApplicable("the provider's webhooks are not verified");
            return;
        }

        foreach (var (type, sample) in rig.Samples.DefaultIfEmpty(new("", new SimulatorWebhook { Body = System.Text.Json.JsonElement.Parse("{}") })))
        {
            log.Case();
            if ((await rig.VerifyAsync(rig.Request(sample), rig.Connection, log).ConfigureAwait(false)).Ok)
                log.Error("/webhooks/verify", $"An unsigned request ({type}) is accepted.");

            foreach (var garbage in (string[])["", "x", "v1=", "sha256=00", "t=1,v1=zz", "Basic !!!!", "Bearer a.b.c", new string('a', 20_000)])
            {
                log.Case();
                if ((await rig.VerifyAsync(rig.WithSignature(sample, garbage), rig.Connection, log).ConfigureAwait(false)).Ok)
                    log.Error("/webhooks/verify", $"A request ({type}) with a meaningless signature is accepted.");
            }
        }
    }

    private static async Task TamperedAsync(WebhookRig rig, CheckLog log)
    {
        foreach (var (type, sample) in rig.Samples)
        {
            foreach (var index in rig.Signable)
            {
                var scheme = rig.Webhooks.Verify[index];
                if (scheme.Scheme == VerifyScheme.None || rig.Sign(index, sample, SuiteClock.Now, out _) is not { } signed || !(await rig.VerifyAsync(signed, rig.Connection, log).ConfigureAwait(false)).Ok)
                    continue;

                foreach (var (what, spoiled) in Spoiled(rig, index, sample, signed))
                {
                    log.Case();
                    if ((await rig.VerifyAsync(spoiled, rig.Connection, log).ConfigureAwait(false)).Ok)
                        log.Error($"/webhooks/verify", $"A request ({type}) with {what} is accepted.", "Look at \"signed\", \"tolerance\" and \"when\" of the scheme.");
                }

                log.Case();
                if ((await rig.VerifyAsync(signed, rig.Stranger, log).ConfigureAwait(false)).Ok && scheme.Scheme is VerifyScheme.Hmac or VerifyScheme.Token or VerifyScheme.Basic
                    && rig.SecretsDiffer(scheme))
                    log.Error("/webhooks/verify", $"A request ({type}) that was signed with another connection's secret is accepted.");
            }
        }

        if (rig.Webhooks.Verify.Any(scheme => scheme is { Scheme: VerifyScheme.Hmac or VerifyScheme.Ecdsa or VerifyScheme.Ed25519 or VerifyScheme.Rsa, Tolerance: null }
            && (scheme.TimestampHeader is not null || scheme.TimestampBody is not null || scheme.Format.Contains("{timestamp}", StringComparison.Ordinal))))
            log.Warn("/webhooks/verify", "The scheme has a timestamp and no tolerance, so an old request can be sent again.", "Add \"tolerance\": \"5m\".");

        if (log.Cases == 0)
            log.NotApplicable("no sample can be signed");
    }

    private static IEnumerable<(string What, WebhookRequest Request)> Spoiled(WebhookRig rig, int index, SimulatorWebhook sample, WebhookRequest signed)
    {
        var scheme = rig.Webhooks.Verify[index];
        if (scheme.Scheme is VerifyScheme.Hmac or VerifyScheme.Ecdsa or VerifyScheme.Rsa)
        {
            if (!signed.Body.IsEmpty)
                yield return ("one byte of the body changed", WebhookRig.With(signed, body: Flip(signed.Body)));

            yield return ("something added to the body", WebhookRig.With(signed, body: (byte[])[.. signed.Body.Span, (byte)'&', (byte)'x', (byte)'=', (byte)'1']));
            if (rig.SignWithStranger(index, sample) is { } foreign)
                yield return ("a signature by another secret or key", foreign);
        }

        foreach (var header in WebhookRig.Added(rig.Request(sample), signed))
        {
            yield return ($"the header {header} missing", WebhookRig.With(signed, header: (header, null)));
            yield return ($"the header {header} changed", WebhookRig.With(signed, header: (header, FlipText(signed.Headers[header][0]))));
        }

        // Within the tolerance, so that only the signature can tell.
        if (scheme.TimestampHeader is { } time && signed.Headers.TryGetValue(time, out var sentAt) && long.TryParse(sentAt[0], NumberStyles.None, CultureInfo.InvariantCulture, out var moment))
            yield return ("a timestamp moved by one", WebhookRig.With(signed, header: (time, (moment + 1).ToString(CultureInfo.InvariantCulture))));

        if (scheme.Tolerance is not { } tolerance)
            yield break;

        foreach (var (what, shift) in new[] { ("an old timestamp", -tolerance - TimeSpan.FromMinutes(2)), ("a timestamp of the future", tolerance + TimeSpan.FromMinutes(2)) })
            if (rig.Sign(index, sample, SuiteClock.Now + shift, out _) is { } shifted)
                yield return (what, shifted);
    }

    private static void Replayed(WebhookRig rig, CheckLog log)
    {
        foreach (var (type, sample) in rig.Samples)
        {
            log.Case();
            var first = rig.Receiver.Extract(rig.Request(sample)).Events.Select(found => found.ProviderEventId).ToList();
            var later = SuiteClock.Now + TimeSpan.FromSeconds(90);
            var again = rig.Signable.Select(index => rig.Sign(index, sample, later, out _)).OfType<WebhookRequest>().Append(rig.Request(sample));
            foreach (var request in again)
                if (!rig.Receiver.Extract(request).Events.Select(found => found.ProviderEventId).SequenceEqual(first))
                    log.Error($"/simulator/webhooks/{type}", $"The sample of '{type}', sent again 90 seconds later, has another event id: it would be delivered twice.", "Name an id that stays the same in webhooks.event.id.");
        }

        if (log.Cases == 0)
            log.NotApplicable("there is no sample");
    }

    public static byte[] Flip(ReadOnlyMemory<byte> body)
    {
        var changed = body.ToArray();
        var middle = changed.Length / 2;
        changed[middle] = changed[middle] == (byte)'7' ? (byte)'8' : (byte)'7';
        return changed;
    }

    // The first letter or digit after an equals sign, or the last: schemes ignore what stands around signatures.
    private static string FlipText(string value)
    {
        var at = value.Length / 2;
        while (at < value.Length - 1 && !char.IsAsciiLetterOrDigit(value[at]))
            at++;

        return value[..at] + (value[at] == 'a' ? 'b' : char.IsAsciiDigit(value[at]) ? (char)('0' + ((value[at] - '0' + 1) % 10)) : 'a') + value[(at + 1)..];
    }
}
