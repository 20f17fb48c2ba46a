using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>The random values of an authorisation: 256 bits each, in base64url. What is kept of them is a hash.</summary>
internal static class FlowSecrets
{
    private const int Size = 32;

    /// <summary>Characters of a value.</summary>
    public const int Length = 43;

    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Size));

    public static bool IsWellFormed(string? value) => value is { Length: Length } && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    /// <summary>The hash for one purpose: what one value proves is worth nothing elsewhere.</summary>
    public static byte[] Hash(string purpose, string value) => SHA256.HashData(Encoding.ASCII.GetBytes($"{purpose}:{value}"));

    /// <summary>RFC 7636 §4.2.</summary>
    public static string Challenge(string verifier) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));
}

/// <summary>The cookie that ties an authorisation to the browser that began it. Each authorisation has its own, so that several can be under way in one browser.</summary>
internal static class FlowCookie
{
    private const string Name = "hub-oauth-";

    public static string? Read(HttpRequest request, byte[] handleHash, bool secure) =>
        request.Cookies.TryGetValue(NameOf(handleHash, secure), out var value) && FlowSecrets.IsWellFormed(value) ? value : null;

    public static void Write(HttpContext context, byte[] handleHash, string session, TimeSpan life, bool secure) => context.Response.Cookies.Append(
        NameOf(handleHash, secure),
        session,
        new CookieOptions
        {
            // Lax: the provider sends the browser back from another site, by a navigation.
            SameSite = SameSiteMode.Lax, HttpOnly = true, Secure = secure, Path = "/", MaxAge = life, IsEssential = true,
        });

    public static void Delete(HttpContext context, byte[] handleHash, bool secure) => context.Response.Cookies.Delete(
        NameOf(handleHash, secure), new CookieOptions { SameSite = SameSiteMode.Lax, HttpOnly = true, Secure = secure, Path = "/" });

    // __Host- makes browsers refuse the cookie from a sub-domain or over plain http, which on loopback is all there is.
    private static string NameOf(byte[] handleHash, bool secure) => $"{(secure ? "__Host-" : "")}{Name}{Convert.ToHexStringLower(handleHash.AsSpan(0, 8))}";
}
