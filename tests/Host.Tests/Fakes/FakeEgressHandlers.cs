using IntegrationHub.Host.Egress;

namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>A plain handler that follows no redirects, as the port promises; or the one given.</summary>
internal sealed class FakeEgressHandlers(HttpMessageHandler? handler = null) : IEgressHandlers, IDisposable
{
    private readonly HttpMessageHandler handler = handler ?? new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false };

    public HttpMessageHandler ForUserTargets => handler;

    public void Dispose() => handler.Dispose();
}
