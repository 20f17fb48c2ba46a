using IntegrationHub.Loading;

namespace IntegrationHub.Host.Egress;

/// <summary>Holds requests against what their connection may reach.</summary>
internal static class EgressCheck
{
    /// <summary>Decides whether a request may leave, before any connection is made.</summary>
    /// <exception cref="EgressDeniedException">It may not.</exception>
    public static void Check(this ConnectionEgress egress, HttpRequestMessage request, AddressPolicy policy)
    {
        if (egress.WhyDenied(request.RequestUri, out var plainText) is { } why)
            throw new EgressDeniedException(why);

        if (!plainText)
            return;

        if (!policy.MayAllowPrivate)
            throw new EgressDeniedException($"'{request.RequestUri!.IdnHost}:{request.RequestUri.Port}' must be called with https.");

        if (!policy.AllowPrivateTargets)
            request.Options.Set(EgressConnector.PlainTextToAllowedNetworksOnly, true);
    }
}
